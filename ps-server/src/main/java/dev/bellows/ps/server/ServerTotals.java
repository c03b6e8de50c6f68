package dev.bellows.ps.server;

import java.util.List;

/**
 * What a server counts over all its namespaces, those that are gone included; for metrics.
 *
 * @param shards namespaces held now, replicas among them
 * @param replicated namespaces held now whose sums go on to a replica
 * @param bytes bytes of float arrays held now
 * @param counters value by {@link Counter}, in the order of {@code Counter.values()}
 */
public record ServerTotals(int shards, int replicated, long bytes, List<Long> counters) {
  /** Of a server that holds nothing and has counted nothing. */
  public static final ServerTotals NONE =
      new ServerTotals(0, 0, 0, java.util.Collections.nCopies(Counter.values().length, 0L));

  /** Copies. */
  public ServerTotals {
    counters = List.copyOf(counters);
  }

  /** A counter's value. */
  public long of(Counter counter) {
    return counters.get(counter.id());
  }

  /** Requests that were refused, for whatever reason. */
  public long refused() {
    return of(Counter.REQUESTS_STALE) + of(Counter.REQUESTS_FENCED) + of(Counter.REQUESTS_REFUSED);
  }

  /** Both together. */
  public ServerTotals plus(ServerTotals other) {
    long[] sums = new long[Counter.values().length];
    for (Counter counter : Counter.values()) {
      counter.add(sums, of(counter));
      counter.add(sums, other.of(counter));
    }
    return new ServerTotals(
        shards + other.shards,
        replicated + other.replicated,
        bytes + other.bytes,
        java.util.Arrays.stream(sums).boxed().toList());
  }
}
