import { useEffect, useRef, useState } from 'preact/hooks';
import { dayAndTime } from '../format.js';
import { setParams, usePlace } from '../location.js';
import { DEFAULT_RANGE, presets, type Refresh, refreshes, refreshNow, useTimeRange } from '../time-range.js';
import { Icon } from './icon.js';

export function TimePicker() {
  const { params } = usePlace();
  const range = useTimeRange();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const elsewhere = (event: Event) => box.current?.contains(event.target as Node) || setOpen(false);
    const escaped = (event: KeyboardEvent) => event.key === 'Escape' && setOpen(false);
    document.addEventListener('pointerdown', elsewhere);
    document.addEventListener('keydown', escaped);
    return () => {
      document.removeEventListener('pointerdown', elsewhere);
      document.removeEventListener('keydown', escaped);
    };
  }, [isOpen]);
  const choose = (preset: string) => {
    setParams({ range: preset === DEFAULT_RANGE ? undefined : preset, from: undefined, to: undefined });
    setOpen(false);
  };
  const refresh = (params.get('refresh') ?? 'off') as Refresh;
  return (
    <div class="time-picker" ref={box}>
      <button
        type="button"
        class="button"
        aria-expanded={isOpen}
        aria-controls="time-picker"
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="clock" />
        {range.label}
      </button>
      <button type="button" class="button is-square" aria-label="Refresh" title="Refresh (r)" onClick={refreshNow}>
        <Icon name="refresh" />
      </button>
      {isOpen && (
        <div id="time-picker" class="popover">
          <div class="presets">
            {presets.map((preset) => (
              <button
                key={preset}
                type="button"
                class="chip"
                aria-pressed={range.isLive && range.label === `Last ${preset}`}
                onClick={() => choose(preset)}
              >
                {preset}
              </button>
            ))}
          </div>
          <Absolute startMs={range.startMs} endMs={range.endMs} done={() => setOpen(false)} />
          <label class="field">
            Ask again
            <select
              value={refresh}
              onChange={({ currentTarget: { value } }) =>
                setParams({ refresh: value === 'off' ? undefined : value }, 'same entry')
              }
            >
              {Object.keys(refreshes).map((name) => (
                <option key={name} value={name}>
                  {name === 'off' ? 'by hand' : `every ${name}`}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
    </div>
  );
}

function Absolute({ startMs, endMs, done }: { startMs: number; endMs: number; done: () => void }) {
  const [from, setFrom] = useState(dayAndTime(startMs));
  const [to, setTo] = useState(dayAndTime(endMs));
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const isValid = Number.isFinite(first) && Number.isFinite(last) && last > first;
  const apply = (event: Event) => {
    event.preventDefault();
    if (!isValid) return;
    setParams({ range: undefined, from: String(first), to: String(last) });
    done();
  };
  return (
    <form class="absolute-times" onSubmit={apply}>
      <label class="field">
        From
        <input value={from} spellcheck={false} onInput={({ currentTarget }) => setFrom(currentTarget.value)} />
      </label>
      <label class="field">
        To
        <input value={to} spellcheck={false} onInput={({ currentTarget }) => setTo(currentTarget.value)} />
      </label>
      <button type="submit" class="button is-primary" disabled={!isValid}>
        Show
      </button>
    </form>
  );
}
