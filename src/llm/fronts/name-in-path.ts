/** A model's name as a client has put it into a path; as it is when it is badly encoded, which the provider will refuse. */
export function nameInPath(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
