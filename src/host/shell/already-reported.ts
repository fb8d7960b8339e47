/** A command failed because commands of a file that it read failed, each of which has reported why. */
export class AlreadyReported extends Error {}
