/** One target's place on the ring. */
export interface RingMember {
  /** Where its points lie: the same key has them at the same places on every ring. */
  readonly key: string;
  readonly weight: number;
}

export interface HashRing {
  /** All members by number, in the order in which the ring meets them from the place of `key` on. */
  walk(key: string): readonly number[];
}

interface Point {
  readonly place: number;
  readonly member: number;
}

/** Kong's and libketama's number: with it shares differ from the weights by some per cent. */
const POINTS_PER_MEMBER = 160;
const MIN_PLACES = 1000;

/**
 * A ketama ring with `slots` places (at least 1000, as in Kong). A member's points are proportional to its weight; where a place is
 * taken, its next point is tried. Removing a member moves its keys only.
 */
export function createHashRing(members: readonly RingMember[], slots: number): HashRing {
  const places = Math.max(MIN_PLACES, slots, 4 * members.length);
  const points = layPoints(members, places);
  return {
    walk(key) {
      const met: number[] = [];
      const start = firstAt(points, hash32(key) % places);
      for (let step = 0; step < points.length && met.length < members.length; step++) {
        const member = points[(start + step) % points.length]?.member;
        if (member !== undefined && !met.includes(member)) met.push(member);
      }
      return met;
    },
  };
}

/** Half of the places at most, so that free ones are found quickly; at least one point a member. */
function layPoints(members: readonly RingMember[], places: number): readonly Point[] {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const budget = Math.min(POINTS_PER_MEMBER * members.length, Math.floor(places / 2));
  const taken = new Map<number, number>();
  const wanted = members.map(({ weight }) => Math.max(1, Math.round((budget * weight) / total)));
  for (const [member, { key }] of members.entries()) {
    let left = wanted[member] ?? 1;
    for (let attempt = 0; left > 0; attempt++) {
      const place = freePlace(taken, key, attempt, places);
      if (place === undefined) continue;
      taken.set(place, member);
      left -= 1;
    }
  }
  return [...taken].map(([place, member]): Point => ({ place, member })).sort((a, b) => a.place - b.place);
}

/** After many tries in a crowded ring the next free place will do. */
function freePlace(
  taken: ReadonlyMap<number, number>,
  key: string,
  attempt: number,
  places: number,
): number | undefined {
  const place = hash32(`${key} ${attempt}`) % places;
  if (!taken.has(place)) return place;
  if (attempt < places) return undefined;
  for (let step = 1; step < places; step++) {
    const next = (place + step) % places;
    if (!taken.has(next)) return next;
  }
  return undefined;
}

function firstAt(points: readonly Point[], place: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.place ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low === points.length ? 0 : low;
}

/** FNV-1a over UTF-16 units, then MurmurHash3's finaliser, which spreads keys that differ in their last character only. Unsigned. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
