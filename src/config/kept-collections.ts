/** What decK knows and gw only keeps: stored, given back, and not looked into. With the level at which decK creates it. */
export const keptLevels = {
  partials: 1,
  key_sets: 1,
  licenses: 1,
  rbac_roles: 1,
  service_packages: 1,
  cloned_plugins: 1,
  custom_plugins: 1,
  keys: 2,
  custom_entities: 4,
} as const;

export type KeptCollection = keyof typeof keptLevels;

export const keptCollections = Object.keys(keptLevels) as KeptCollection[];

/** The same for each of them. */
export function ofKept<T>(value: T): Readonly<Record<KeptCollection, T>> {
  return Object.fromEntries(keptCollections.map((collection) => [collection, value])) as Record<KeptCollection, T>;
}
