/** Where clocks show a time of their own. Seconds are since 1970. */
export interface TimeZone {
  offsetSeconds(unixSeconds: number): number;
  /** As `UTC` or `CET`. */
  abbreviation(unixSeconds: number): string;
}

export const utc: TimeZone = { offsetSeconds: () => 0, abbreviation: () => 'UTC' };

/** A zone without a name, so many seconds before those of UTC. */
export function fixedZone(offsetSeconds: number): TimeZone {
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const fields = [Math.floor(minutes / 60), minutes % 60].map((field) => String(field).padStart(2, '0'));
  const abbreviation = (offsetSeconds < 0 ? '-' : '+') + fields.join('');
  return { offsetSeconds: () => offsetSeconds, abbreviation: () => abbreviation };
}

const zones = new Map<string, TimeZone>([
  ['', utc],
  ['UTC', utc],
  // Servers have no place of their own.
  ['Local', utc],
]);

/** Zones that are kept: there are about 600 in the world. */
const MAX_ZONES = 1_000;

/** A zone by its name in the IANA database; undefined if there is none. */
export function timeZone(name: string): TimeZone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  try {
    const zone = new NamedZone(name);
    if (zones.size < MAX_ZONES) zones.set(name, zone);
    return zone;
  } catch {
    return undefined;
  }
}

class NamedZone implements TimeZone {
  readonly #clock: Intl.DateTimeFormat;
  readonly #name: Intl.DateTimeFormat;

  /** Throws for a name that is none. */
  constructor(name: string) {
    this.#clock = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    this.#name = new Intl.DateTimeFormat('en-GB', { timeZone: name, timeZoneName: 'short' });
  }

  offsetSeconds(unixSeconds: number): number {
    const text = zonePart(this.#clock, unixSeconds);
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT([+-])(\d+):(\d+)(?::(\d+))?/.exec(text) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  }

  abbreviation(unixSeconds: number): string {
    return zonePart(this.#name, unixSeconds);
  }
}

function zonePart(format: Intl.DateTimeFormat, unixSeconds: number): string {
  const parts = format.formatToParts(new Date(unixSeconds * 1000));
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
