package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The clients of a namespace, for the diagnosis of late steps; the one unseen for longest goes when
 * there are too many.
 */
final class Clients {
  /** Most clients in one status reply. */
  private static final int MAX_REPORTED = 256;

  private final int limit;
  private final Map<Long, Client> byId = new LinkedHashMap<>();
  private @Nullable Client last;

  Clients(int limit) {
    this.limit = limit;
  }

  /**
   * Notes a client; those with smaller ids that share a slice are replaced.
   *
   * @throws Refusal REPLACED when one with a larger id shares a slice
   */
  void join(long id, String name, int from, int to, long now) {
    for (Client other : byId.values()) {
      if (other.id > id && other.from < to && from < other.to) {
        throw new Refusal(
            PsErrorCode.REPLACED,
            name
                + " can't join: "
                + other.name
                + " took over slices "
                + other.from
                + "-"
                + (other.to - 1));
      }
    }
    for (Client other : byId.values()) {
      if (other.id < id && other.from < to && from < other.to && other.replacedBy == null) {
        other.replacedBy = name;
      }
    }
    if (!byId.containsKey(id) && byId.size() >= limit) {
      byId.values().stream()
          .min(
              Comparator.comparing((Client c) -> c.replacedBy == null)
                  .thenComparingLong(c -> c.seenNanos - now))
          .ifPresent(oldest -> byId.remove(oldest.id));
      last = null;
    }
    Client client = byId.computeIfAbsent(id, Client::new);
    client.name = name;
    client.from = from;
    client.to = to;
    client.seenNanos = now;
  }

  /**
   * Notes a request; clients that did not join are not remembered.
   *
   * @throws Refusal REPLACED when a newer client took its slices over
   */
  void seen(long id, long step, long now) {
    Client client = last;
    if (client == null || client.id != id) {
      client = byId.get(id);
      if (client == null) {
        return;
      }
      last = client;
    }
    if (client.replacedBy != null) {
      throw new Refusal(
          PsErrorCode.REPLACED,
          client.name + " was replaced by " + client.replacedBy + ": end this task");
    }
    client.seenNanos = now;
    client.lastStep = Math.max(client.lastStep, step);
  }

  /** Forgets all: their incarnation is over. */
  void clear() {
    byId.clear();
    last = null;
  }

  List<Message.ClientInfo> report(long now) {
    List<Message.ClientInfo> infos = new ArrayList<>();
    byId.values().stream()
        .filter(c -> c.replacedBy == null)
        .sorted(
            Comparator.comparingLong((Client c) -> c.lastStep)
                .thenComparingLong(c -> c.seenNanos - now))
        .limit(MAX_REPORTED)
        .forEach(
            c ->
                infos.add(
                    new Message.ClientInfo(
                        c.id,
                        c.name,
                        c.from,
                        c.to,
                        c.lastStep,
                        Math.max(0, (now - c.seenNanos) / 1_000_000))));
    return infos;
  }

  private static final class Client {
    private final long id;
    private String name = "";
    private int from;
    private int to;
    private long lastStep = -1;
    private long seenNanos;
    private @Nullable String replacedBy;

    Client(long id) {
      this.id = id;
    }
  }
}
