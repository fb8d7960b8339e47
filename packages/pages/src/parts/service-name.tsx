import { colorOf } from '../colors.js';

/** A name of telemetry as it is: text, whatever stands in it, in the direction of its own letters. */
export function ServiceName({ name }: { readonly name: string | null }) {
  return (
    <span class="service">
      <span class="swatch" style={{ background: colorOf(name ?? '') }} />
      <bdi>{name || 'unknown'}</bdi>
    </span>
  );
}
