const WIDTH = 96;
const HEIGHT = 20;

/** A line of as many points as there are values, from zero. Gaps stay gaps. */
export function Sparkline({
  values,
  label,
  tone = 'plain',
}: {
  readonly values: readonly (number | null)[];
  readonly label: string;
  readonly tone?: 'plain' | 'error';
}) {
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 0);
  if (known.length === 0 || top === 0) {
    return (
      <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label}: none`}>
        <line class="sparkline-zero" x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
      </svg>
    );
  }
  const x = (index: number) => (values.length === 1 ? WIDTH / 2 : (index / (values.length - 1)) * WIDTH);
  const y = (value: number) => HEIGHT - 1.5 - (value / top) * (HEIGHT - 3);
  let line = '';
  let area = '';
  let runStart: number | undefined;
  values.forEach((value, index) => {
    if (value === null) return;
    const point = `${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    const continues = index > 0 && values[index - 1] !== null && runStart !== undefined;
    if (!continues) {
      runStart = index;
      area += `M${x(index).toFixed(1)} ${HEIGHT}L${point}`;
    } else area += `L${point}`;
    line += `${continues ? 'L' : 'M'}${point}`;
    const isAlone = !continues && (index === values.length - 1 || values[index + 1] === null);
    // A point without neighbours would have no length.
    if (isAlone) line += 'h.01';
    if (index === values.length - 1 || values[index + 1] === null) area += `L${x(index).toFixed(1)} ${HEIGHT}Z`;
  });
  return (
    <svg class={`sparkline is-${tone}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <path class="sparkline-area" d={area} />
      <path class="sparkline-line" d={line} />
    </svg>
  );
}
