package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Puts into words who keeps a step waiting. */
final class Diagnosis {
  private static final int MAX_NAMED = 4;

  private Diagnosis() {}

  /**
   * What one shard waits for: "slices 12-15: task 3 on executor 3 (host h), last seen at step 811,
   * silent for 9.8 s".
   *
   * @return null when the shard misses nothing
   */
  static @Nullable String missing(Message.StatusReply status) {
    List<String> parts = new ArrayList<>();
    int slice = next(status.missing(), 0, status.slices(), true);
    while (slice < status.slices() && parts.size() < MAX_NAMED) {
      int end = next(status.missing(), slice, status.slices(), false);
      Message.ClientInfo owner = owner(status.clients(), slice);
      if (owner != null) {
        end = Math.min(end, owner.sliceTo());
      } else {
        for (int s = slice + 1; s < end; s++) {
          if (owner(status.clients(), s) != null) {
            end = s;
          }
        }
      }
      parts.add(range(slice, end) + ": " + describe(owner));
      slice = next(status.missing(), end, status.slices(), true);
    }
    if (parts.isEmpty()) {
      return null;
    }
    return String.join("; ", parts) + (slice < status.slices() ? "; and more" : "");
  }

  private static String range(int from, int end) {
    return end == from + 1 ? "slice " + from : "slices " + from + "-" + (end - 1);
  }

  private static String describe(Message.@Nullable ClientInfo owner) {
    if (owner == null) {
      return "no task has joined for them";
    }
    String seen =
        owner.lastStep() < 0 ? "joined, no push yet" : "last seen step " + owner.lastStep();
    return owner.name()
        + ", "
        + seen
        + String.format(Locale.ROOT, ", silent for %.1f s", owner.silentMs() / 1000.0);
  }

  /** The client heard of last among those that own the slice. */
  private static Message.@Nullable ClientInfo owner(List<Message.ClientInfo> clients, int slice) {
    Message.ClientInfo best = null;
    for (Message.ClientInfo client : clients) {
      if (slice >= client.sliceFrom()
          && slice < client.sliceTo()
          && (best == null || client.silentMs() < best.silentMs())) {
        best = client;
      }
    }
    return best;
  }

  private static int next(long[] mask, int from, int limit, boolean set) {
    int slice = from;
    while (slice < limit && (mask[slice >>> 6] >>> slice & 1) != 0 != set) {
      slice++;
    }
    return slice;
  }
}
