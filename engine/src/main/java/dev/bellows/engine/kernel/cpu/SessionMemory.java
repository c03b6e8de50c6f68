package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.tensor.Arena;
import java.util.ArrayList;
import java.util.List;

/** Off-heap memory that lives as long as a session: argument blocks and scratch pads. */
final class SessionMemory implements AutoCloseable {
  private static final long CHUNK_BYTES = 16 << 10;

  private final List<Arena> arenas = new ArrayList<>();
  private long scratch;
  private long scratchBytes;

  /** A block for good. */
  long take(long bytes) {
    Arena last = arenas.isEmpty() ? null : arenas.get(arenas.size() - 1);
    if (last == null || last.capacityBytes() - last.usedBytes() < bytes + 64) {
      last = new Arena(Math.max(CHUNK_BYTES, bytes + 64));
      arenas.add(last);
    }
    return last.take(bytes);
  }

  /** A block that every call of the session may overwrite. */
  long scratch(long bytes) {
    if (bytes > scratchBytes) {
      scratch = take(bytes);
      scratchBytes = bytes;
    }
    return scratch;
  }

  @Override
  public void close() {
    arenas.forEach(Arena::close);
    arenas.clear();
    scratchBytes = 0;
  }
}
