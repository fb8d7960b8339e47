import { askJson, RequestError } from './http.js';

/** Who this browser is for the server: whoever has signed in, anybody where no token is asked for, or nobody. */
export type Access = 'signed in' | 'open' | 'signed out';

export async function askAccess(): Promise<Access> {
  try {
    const { isSession } = await askJson<{ isSession: boolean }>('/ui/session', {});
    return isSession ? 'signed in' : 'open';
  } catch (error) {
    if (error instanceof RequestError && error.status === 401) return 'signed out';
    throw error;
  }
}

export async function signIn(token: string): Promise<void> {
  await askJson('/ui/session', { method: 'POST', body: JSON.stringify({ token }) });
}

export async function signOut(): Promise<void> {
  await askJson('/ui/session', { method: 'DELETE' });
}
