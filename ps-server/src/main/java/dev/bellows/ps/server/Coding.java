package dev.bellows.ps.server;

import dev.bellows.ps.codec.Codec;
import dev.bellows.ps.codec.CodecException;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Bytes;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.shard.Finite;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a namespace with compression does beside: decodes the units' gradients, and codes how the
 * values differ from the view that all workers have. The decoded difference is added to the view
 * here and by every worker, so the views are equal; what a code left out is in the next difference,
 * without a residual of its own (the EF21-P scheme; K. Gruntkowska et al., ICML 2023).
 */
final class Coding {
  private final Message.Create create;
  private final int level;
  private final Codec up;
  private final Codec down;
  private final int firstChunk;
  private final float[] scratch;
  private final byte[][] changes;
  private final int[] changeBytes;
  private final double[] wanted;
  private final double[] left;
  private Message.@Nullable CodedPush newest;
  private long bytesUp;
  private long bytesDown;

  /**
   * For a namespace with a codec.
   *
   * @throws Refusal BAD_REQUEST when steps overlap, or when there are more units than slices
   */
  Coding(Message.Create create, Chunk[] chunks, int longest) {
    Compression compression = create.compression();
    if (!create.consistency().isBsp()) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          "compression needs consistency bsp, found " + create.consistency());
    }
    if (compression.units() > create.slices()) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          compression.units() + " units need as many slices, found " + create.slices());
    }
    this.create = create;
    this.level = compression.level(create.slices());
    this.up = compression.up();
    this.down = compression.down();
    this.firstChunk = chunks[0].number;
    this.scratch = new float[longest];
    this.changes = new byte[chunks.length][];
    this.changeBytes = new int[chunks.length];
    this.wanted = new double[compression.usedUnits(create.slices())];
    this.left = new double[wanted.length];
    for (int i = 0; i < chunks.length; i++) {
      changes[i] = new byte[down.maxBytes(chunks[i].length)];
      changeBytes[i] = -1;
    }
  }

  /** Bytes that a namespace of so many elements takes for it, at most; 0 without a codec. */
  static long bytes(Compression compression, long elements, int longest) {
    return compression.isNone() ? 0 : Float.BYTES * (2 * elements + longest);
  }

  /** The push with decoded values, which are valid until the next call. */
  Message.Push decode(Message.CodedPush m, Chunk chunk) {
    Message.Push head = m.head();
    int units = wanted.length;
    if (head.level() != level || head.index() < 0 || head.index() >= units) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "coded gradients are those of node (level "
              + level
              + ", index 0.."
              + (units - 1)
              + "), found (level "
              + head.level()
              + ", index "
              + head.index()
              + ")");
    }
    if (!isSquare(m.wanted()) || !isSquare(m.left())) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          "sums of squares must be finite and not negative, found "
              + m.wanted()
              + " and "
              + m.left());
    }
    newest = m;
    if (head.step() == chunk.version) { // others are not added: repeated, or refused
      Arrays.fill(scratch, 0, chunk.length, 0f);
      decode(m.coded(), chunk);
    }
    return new Message.Push(
        head.target(),
        head.client(),
        head.step(),
        head.level(),
        head.index(),
        head.chunk(),
        head.pull(),
        head.badSlice(),
        head.weight(),
        head.loss(),
        head.metric(),
        head.rows(),
        new Floats(scratch, 0, chunk.length));
  }

  private static boolean isSquare(double sum) {
    return sum >= 0 && sum < Double.POSITIVE_INFINITY;
  }

  /** The push that was decoded last counts. */
  void accepted() {
    Message.CodedPush push = newest;
    if (push != null) {
      wanted[push.head().index()] = push.wanted();
      left[push.head().index()] = push.left();
      bytesUp += push.coded().length();
      newest = null;
    }
  }

  /** What all chunks of a step took and left out; the next one begins. */
  Message.CodedStep finished() {
    double allWanted = 0;
    double allLeft = 0;
    for (int unit = 0; unit < wanted.length; unit++) { // in this order, whoever came first
      allWanted += wanted[unit];
      allLeft += left[unit];
    }
    Message.CodedStep step = new Message.CodedStep(bytesUp, bytesDown, allWanted, allLeft);
    bytesUp = 0;
    bytesDown = 0;
    return step;
  }

  private void decode(Bytes code, Chunk chunk) {
    try {
      up.add(code.array(), code.offset(), code.length(), scratch, 0, chunk.length);
    } catch (CodecException e) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST, "gradients of chunk " + chunk.number + ": " + e.getMessage());
    }
  }

  /**
   * Codes the change of a chunk that has moved on and moves its view.
   *
   * @return false when it is not finite; the view stands still then
   */
  boolean advance(Chunk chunk) {
    int i = chunk.number - firstChunk;
    float[] view = chunk.shown;
    for (int e = 0; e < chunk.length; e++) {
      scratch[e] = chunk.values[e] - view[e];
    }
    if (!Finite.all(scratch, 0, chunk.length)) {
      changeBytes[i] = -1;
      return false;
    }
    changeBytes[i] = down.encode(scratch, 0, chunk.length, changes[i], 0);
    bytesDown += changeBytes[i];
    down.add(changes[i], 0, changeBytes[i], view, 0, chunk.length);
    return true;
  }

  /** The newest change of a chunk, or all of its view when it has just been loaded. */
  Message change(Chunk chunk) {
    int i = chunk.number - firstChunk;
    return changeBytes[i] < 0
        ? chunk.answer(chunk.version, chunk.shown)
        : new Message.CodedValues(
            chunk.version, chunk.from, chunk.length, new Bytes(changes[i], 0, changeBytes[i]));
  }
}
