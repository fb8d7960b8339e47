import { decimal } from '#promql/syntax/go-text';

/** Digits behind the point that a division keeps. */
const DIVISION_DIGITS = 16;

/** An exact decimal: `coefficient` divided by ten to the power of `scale`. */
export class DecimalNumber {
  readonly coefficient: bigint;
  readonly scale: number;

  constructor(coefficient: bigint, scale: number) {
    this.coefficient = coefficient;
    this.scale = scale;
  }

  /** The shortest decimal that reads back as the number. */
  static of(value: number): DecimalNumber {
    if (!Number.isFinite(value)) throw new Error(`Cannot create a Decimal from ${decimal(value)}`);
    const [whole = '', fraction = ''] = decimal(value).split('.');
    return new DecimalNumber(BigInt(whole + fraction), fraction.length);
  }

  get value(): number {
    const sign = this.coefficient < 0n ? '-' : '';
    const digits = String(this.coefficient)
      .replace('-', '')
      .padStart(this.scale + 1, '0');
    const point = digits.length - this.scale;
    return Number(`${sign}${digits.slice(0, point)}.${digits.slice(point)}`);
  }

  plus(other: DecimalNumber): DecimalNumber {
    const scale = Math.max(this.scale, other.scale);
    return new DecimalNumber(this.#scaled(scale) + other.#scaled(scale), scale);
  }

  minus(other: DecimalNumber): DecimalNumber {
    return this.plus(new DecimalNumber(-other.coefficient, other.scale));
  }

  times(other: DecimalNumber): DecimalNumber {
    return new DecimalNumber(this.coefficient * other.coefficient, this.scale + other.scale);
  }

  /** Halves are rounded away from zero. */
  dividedBy(other: DecimalNumber): DecimalNumber {
    if (other.coefficient === 0n) throw new Error('decimal division by 0');
    const scale = Math.max(this.scale, other.scale);
    const dividend = this.#scaled(scale) * 10n ** BigInt(DIVISION_DIGITS + 1);
    const digits = dividend / other.#scaled(scale);
    const half = digits < 0n ? -5n : 5n;
    return new DecimalNumber((digits + half) / 10n, DIVISION_DIGITS);
  }

  #scaled(scale: number): bigint {
    return this.coefficient * 10n ** BigInt(scale - this.scale);
  }
}
