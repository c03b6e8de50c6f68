package dev.bellows.ps.server;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.ps.protocol.Message;
import org.jspecify.annotations.Nullable;

/**
 * The state between the last contribution of a step and its COMMIT, and what was agreed for the
 * step before.
 */
final class TwoPhase {
  final Waiters waiting = new Waiters();
  private final Chunk[] chunks;
  private final UpdateRule rule;
  private int complete;
  private Message.@Nullable NormReply reply;
  private Message.@Nullable NormReply last;
  private boolean lastApply;
  private float lastScale;

  TwoPhase(Chunk[] chunks, UpdateRule rule) {
    this.chunks = chunks;
    this.rule = rule;
  }

  /** A chunk's sum became complete; true when it was the last. */
  boolean completed() {
    complete++;
    return isComplete();
  }

  boolean isComplete() {
    return complete == chunks.length;
  }

  /** The answer to NORM of a complete step. */
  Message.NormReply reply(long step) {
    Message.NormReply made = reply;
    if (made == null) {
      made = make(step);
      reply = made;
    }
    return made;
  }

  private Message.NormReply make(long step) {
    boolean finite = true;
    int blocks = 0;
    int bad = -1;
    for (Chunk chunk : chunks) { // a chunk may have left before its slice was found to be bad
      finite &= chunk.isFinite();
      int marked = chunk.sum.badSlice();
      bad = marked >= 0 && (bad < 0 || marked < bad) ? marked : bad;
      blocks += (chunk.length + UpdateRule.BLOCK - 1) / UpdateRule.BLOCK;
    }
    double[] squares = new double[blocks];
    int at = 0;
    for (Chunk chunk : chunks) {
      double[] part = rule.blockSquares(chunk.sum.sum(), chunk.length, chunk.from);
      System.arraycopy(part, 0, squares, at, part.length);
      at += part.length;
    }
    return new Message.NormReply(step, finite, bad, chunks[0].sum.scalar(0), squares);
  }

  /** The answer of the step before, or null. */
  Message.@Nullable NormReply lastReply(long step) {
    Message.NormReply before = last;
    return before != null && before.step() == step ? before : null;
  }

  boolean sameAsLast(boolean apply, float scale) {
    return apply == lastApply && (!apply || scale == lastScale);
  }

  /** Notes the agreement; the chunks move on next. */
  void committed(boolean apply, float scale) {
    last = reply;
    lastApply = apply;
    lastScale = scale;
    reply = null;
    complete = 0;
  }
}
