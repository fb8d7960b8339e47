// An engine that answers nothing until its query is ended. JavaScript, because threads load no TypeScript.

export function run(_request, { signal }) {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
