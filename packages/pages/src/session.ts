import { askJson, RequestError } from './http.js';

/** Whether this browser may read; the server knows by its cookie, or asks for none. */
export async function mayRead(): Promise<boolean> {
  try {
    await askJson('/ui/session', {});
    return true;
  } catch (error) {
    if (error instanceof RequestError && error.status === 401) return false;
    throw error;
  }
}

export async function signIn(token: string): Promise<void> {
  await askJson('/ui/session', { method: 'POST', body: JSON.stringify({ token }) });
}

export async function signOut(): Promise<void> {
  await askJson('/ui/session', { method: 'DELETE' });
}
