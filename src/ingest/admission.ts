// Accounting of request bytes: reserved as a body arrives, released when its rows are committed or rejected.

import { type Clock, systemClock } from '../base/clock.js';
import { Failure } from '../base/failure.js';
import type { BytesByTenant } from '../buffer/generation.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { Principal } from '../server/identity/principal.js';
import { CommitRate } from './commit-rate.js';
import { RateLimits, type RateOptions, type Sender } from './rate-limits.js';

export type AdmissionOptions = RateOptions & Pick<ServeOptions, 'max_buffered_bytes' | 'max_buffered_bytes_per_tenant'>;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #rates: RateLimits | undefined;
  readonly #commitRate: CommitRate;
  #admittedBytes = 0;
  /** Of tenants that have any, where they are limited. */
  readonly #byTenant = new Map<string, number>();

  constructor(options: AdmissionOptions, clock: Clock = systemClock) {
    this.#options = options;
    this.#rates = RateLimits.of(options, clock);
    this.#commitRate = new CommitRate(clock);
  }

  /** Encoded bytes in flight, buffered, or in a seal. */
  get admittedBytes(): number {
    return this.#admittedBytes;
  }

  /** An empty reservation for a request, which counts from now on. Throws `throttled` where its sender has sent too much. */
  admit(sender: Sender): Reservation {
    this.#rates?.request(sender);
    return this.reservation(sender);
  }

  /** An empty reservation, for a request that is to be counted later, by count(). */
  reservation(sender: Sender): Reservation {
    return new Reservation(this, sender);
  }

  count(sender: Sender): void {
    this.#rates?.request(sender);
  }

  /** Bytes of a tenant that wait to be committed, as rows keep them; undefined where that is not limited. */
  bytesOf({ tenant }: Principal, bytes: number): BytesByTenant | undefined {
    return tenant === undefined || this.#options.max_buffered_bytes_per_tenant === 0
      ? undefined
      : new Map([[tenant, bytes]]);
  }

  /** Throws `overloaded` if another `bytes` would not fit, and `throttled` if they would be too many of one tenant. */
  check({ tenant }: Principal, bytes: number): void {
    const { max_buffered_bytes: max, max_buffered_bytes_per_tenant: maxPerTenant } = this.#options;
    const over = this.#admittedBytes + bytes - max;
    if (over > 0) {
      throw new Failure(
        'overloaded',
        `request of ${bytes} bytes does not fit: ${this.#admittedBytes} of max_buffered_bytes ${max} wait to be committed`,
        { retryAfterSeconds: this.secondsFor(over) },
      );
    }
    if (maxPerTenant === 0 || tenant === undefined) return;
    const waiting = this.#byTenant.get(tenant) ?? 0;
    if (waiting + bytes <= maxPerTenant) return;
    throw new Failure(
      'throttled',
      `request of ${bytes} bytes does not fit: of tenant ${tenant}, ${waiting} of max_buffered_bytes_per_tenant ${maxPerTenant} wait to be committed`,
      { retryAfterSeconds: this.secondsFor(waiting + bytes - maxPerTenant) },
    );
  }

  /** When so many bytes will have been committed. */
  secondsFor(bytes: number): number {
    return this.#commitRate.secondsFor(bytes);
  }

  /** For a Reservation alone, which releases what it reserves. */
  reserve(sender: Sender, bytes: number): void {
    this.check(sender.principal, bytes);
    this.#admittedBytes += bytes;
    this.#addTo(sender.principal.tenant, bytes);
    this.#rates?.arrived(sender, bytes);
  }

  /** For a Reservation alone. */
  release({ tenant }: Principal, bytes: number): void {
    this.#admittedBytes -= bytes;
    this.#addTo(tenant, -bytes);
  }

  /** Releases what reservations have handed on to rows, which are committed or set aside. */
  settled(bytes: number, byTenant: BytesByTenant | undefined): void {
    this.#admittedBytes -= bytes;
    this.#commitRate.committed(bytes);
    for (const [tenant, settledBytes] of byTenant ?? []) this.#addTo(tenant, -settledBytes);
  }

  #addTo(tenant: string | undefined, bytes: number): void {
    if (tenant === undefined || this.#options.max_buffered_bytes_per_tenant === 0) return;
    const left = (this.#byTenant.get(tenant) ?? 0) + bytes;
    if (left === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, left);
  }
}

/** The reserved bytes of one request. They are released once, unless they are handed on with the rows. */
export class Reservation {
  readonly #sender: Sender;
  readonly #admission: Admission;
  #bytes = 0;

  constructor(admission: Admission, sender: Sender) {
    this.#admission = admission;
    this.#sender = sender;
  }

  /** On whose behalf the request is made. */
  get principal(): Principal {
    return this.#sender.principal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws, as growTo() would, if so many bytes in all would not fit. */
  check(bytes: number): void {
    this.#admission.check(this.principal, bytes - this.#bytes);
  }

  /** Counts the request, as Admission.admit() does. */
  count(): void {
    this.#admission.count(this.#sender);
  }

  /** What the rows keep of the reservation. */
  bytesByTenant(): BytesByTenant | undefined {
    return this.#admission.bytesOf(this.principal, this.#bytes);
  }

  /** Grows the reservation to `bytes` in total. Throws `overloaded` or `throttled` if that does not fit, and then keeps its size. */
  growTo(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#admission.reserve(this.#sender, bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Safe to call twice, and after handOn(). */
  release(): void {
    this.#admission.release(this.principal, this.handOn());
  }

  /** Transfers the reservation to the rows. Their commit releases the bytes. */
  handOn(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }
}
