/**
 * A kong.yaml of about `count` entities, as teams write them: services with two routes each, a plugin on the service and one on each route
 * (six of a group), a consumer with its key now and then. The first `changed` services time out one millisecond later.
 */
export function configText(count, { changed = 0 } = {}) {
  const groups = Math.max(1, Math.round(count / 6));
  const services = Array.from({ length: groups }, (_, index) => serviceText(index, index < changed ? 30_001 : 30_000));
  return `_format_version: "3.0"\n\nservices:\n${services.join("\n")}`;
}

function serviceText(index, timeout) {
  return `  - name: service-${index}
    url: https://service-${index}.internal.example.com:8443/v1
    connect_timeout: ${timeout}
    read_timeout: 60000
    tags: [team-${index % 40}, production]
    plugins:
      - name: rate-limiting
        config:
          minute: ${60 + (index % 7) * 10}
          policy: local
          fault_tolerant: true
    routes:
${routeText(index, "read", "GET")}${routeText(index, "write", "POST")}`;
}

function routeText(index, name, method) {
  return `      - name: route-${index}-${name}
        paths:
          - /service-${index}/${name}
        methods: [${method}]
        strip_path: false
        plugins:
          - name: cors
            config:
              origins: ["https://app-${index}.example.com"]
              credentials: true
              max_age: 3600
`;
}
