// What Node 20 has not yet of the language and of addresses, for this package.
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let at = 0;
  for (const item of items) {
    const key = keyOf(item, at++);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
};
Object.groupBy ??= (items, keyOf) =>
  Object.fromEntries(Map.groupBy(items, keyOf));
Promise.withResolvers ??= () => {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => {
    Object.assign(deferred, { resolve, reject });
  });
  return deferred;
};
URL.parse ??= (text, base) =>
  URL.canParse(text, base) ? new URL(text, base) : null;
