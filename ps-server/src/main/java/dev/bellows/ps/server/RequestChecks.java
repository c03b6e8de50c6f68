package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;

/** Whether the numbers in a request fit the shard; each throws with what was found. */
final class RequestChecks {
  private RequestChecks() {}

  static void put(Message.Put m, Chunk chunk) {
    if (m.from() != chunk.from || m.values().length() != chunk.length) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "PUT must carry the elements ["
              + chunk.from
              + ", "
              + (chunk.from + chunk.length)
              + ") of chunk "
              + chunk.number
              + ", found "
              + m.values().length()
              + " elements from "
              + m.from());
    }
  }

  static void join(Message.Join m, int slices) {
    if (m.sliceFrom() < 0 || m.sliceTo() < m.sliceFrom() || m.sliceTo() > slices) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "slices must lie in [0, "
              + slices
              + "), found ["
              + m.sliceFrom()
              + ", "
              + m.sliceTo()
              + ")");
    }
  }

  static void push(Message.Push m, Chunk chunk, Target target) {
    int slices = chunk.sum.slices();
    if (!chunk.sum.contains(m.level(), m.index())) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "node (level "
              + m.level()
              + ", index "
              + m.index()
              + ") is not in the tree over "
              + slices
              + " slices");
    }
    if (m.values().length() != chunk.length) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "chunk "
              + chunk.number
              + " of "
              + target
              + " has "
              + chunk.length
              + " elements, found "
              + m.values().length());
    }
    if (m.badSlice() < -1 || m.badSlice() >= slices) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "slice must be in -1.." + (slices - 1) + ", found " + m.badSlice());
    }
  }

  static void slot(int slot, int last) {
    if (slot < 0 || slot > last) {
      throw new Refusal(PsErrorCode.OUT_OF_RANGE, "slot must be in 0.." + last + ", found " + slot);
    }
  }

  /** A step that is worked on is neither over nor ahead. */
  static void step(long step, long expected, long version, Target target) {
    if (step > expected) {
      throw ahead(step, version, target);
    }
    if (step < expected) {
      throw new Refusal(
          PsErrorCode.STALE_STEP,
          expected,
          -1,
          "step "
              + step
              + " is over: "
              + target
              + " is at step "
              + expected
              + "; another task took over");
    }
  }

  static Refusal ahead(long step, long version, Target target) {
    return new Refusal(
        PsErrorCode.STEP_AHEAD,
        version,
        -1,
        "step "
            + step
            + " is ahead: "
            + target
            + " is at step "
            + version
            + "; it was restored, roll back");
  }
}
