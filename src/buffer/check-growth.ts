/** Asked before arrays grow by so many bytes, and only then. Throws when they may not. */
export type CheckGrowth = (moreBytes: number) => void;

export const growFreely: CheckGrowth = () => undefined;
