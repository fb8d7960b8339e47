import { timingSafeEqual } from 'node:crypto';

/** Compares in a time that does not tell how much was right. A length is no secret: it is in the documentation. */
export function isSameToken(presented: Buffer, token: Buffer): boolean {
  return presented.length === token.length ? timingSafeEqual(presented, token) : timingSafeEqual(token, token) && false;
}
