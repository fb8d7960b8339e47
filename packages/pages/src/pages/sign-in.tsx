import { useEffect, useRef, useState } from 'preact/hooks';
import { RequestError } from '../http.js';
import { signIn } from '../session.js';

export function SignIn({ done }: { readonly done: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState('');
  const [isAsking, setAsking] = useState(false);
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setAsking(true);
    try {
      await signIn(field.current!.value);
      done();
    } catch (error) {
      const isWrong = error instanceof RequestError && error.status === 401;
      setProblem(isWrong ? 'This is not the read token of this server.' : (error as Error).message);
      setAsking(false);
      field.current?.select();
    }
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <p class="brand">
          <span class="brand-mark" aria-hidden="true" />
          otelduck
        </p>
        <h1>Sign in</h1>
        <label class="field">
          Read token
          <input
            ref={field}
            type="password"
            autocomplete="current-password"
            required
            aria-describedby="sign-in-note"
            aria-invalid={problem !== ''}
            onInput={() => setProblem('')}
          />
        </label>
        {problem !== '' && (
          <p class="field-problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button is-primary is-wide" disabled={isAsking}>
          Sign in
        </button>
        <p id="sign-in-note" class="muted">
          It is the <code>read_token</code> of <code>otlp_query_serve</code>, which was shown when the server started.
          This browser stays signed in for twelve hours.
        </p>
      </form>
    </main>
  );
}
