import { timingSafeEqual } from 'node:crypto';

/** Constant-time comparison. Lengths are not secret: the documentation names them. */
export function isSameToken(presented: Buffer, token: Buffer): boolean {
  return presented.length === token.length ? timingSafeEqual(presented, token) : timingSafeEqual(token, token) && false;
}
