package dev.bellows.ps.server;

import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.shard.FloatPool;
import java.util.HashMap;
import java.util.Map;

/**
 * The bytes that runs hold at a server: no run may take more than its quota, and all together no
 * more than the server's limit. So the run that asks for too much is refused, not whoever comes
 * after it.
 */
final class Budgets {
  private final ServerOptions options;
  private final Map<String, Long> ofRuns = new HashMap<>();
  private long total;

  Budgets(ServerOptions options) {
    this.options = options;
  }

  /** What a run takes from and gives back to. */
  FloatPool.Budget of(String run) {
    return bytes -> reserve(run, bytes);
  }

  /** Bytes of all runs. */
  long total() {
    return total;
  }

  /** Bytes of one run. */
  long held(String run) {
    return ofRuns.getOrDefault(run, 0L);
  }

  /** Undoes what a run took since it held this much. */
  void restore(String run, long bytes) {
    reserve(run, Math.min(0, bytes - held(run)));
  }

  private void reserve(String run, long bytes) {
    long held = held(run);
    if (bytes > 0 && total + bytes > options.maxBytes()) {
      throw refusal("this server", total, bytes, "limit", options.maxBytes());
    }
    if (bytes > 0 && held + bytes > options.maxRunBytes()) {
      throw refusal("run " + run, held, bytes, "the quota of a run", options.maxRunBytes());
    }
    total += bytes;
    if (held + bytes == 0) {
      ofRuns.remove(run);
    } else {
      ofRuns.put(run, held + bytes);
    }
  }

  private static Refusal refusal(String who, long held, long more, String what, long most) {
    return new Refusal(
        PsErrorCode.QUOTA,
        who
            + " holds "
            + held
            + " bytes and would need "
            + more
            + " more, "
            + what
            + " "
            + most
            + ": use more shards or more memory");
  }
}
