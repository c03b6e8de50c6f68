package dev.bellows.ps.codec;

import java.io.Serializable;

/**
 * How a run's gradients and parameters are coded.
 *
 * <p>The unit of coding is a subtree of the fixed tree over the slices: its gradients are added in
 * float32, then coded, and the remainder belongs to the unit. So results depend on slices and
 * units, not on tasks, executors or shards.
 *
 * @param kind codec of both directions
 * @param units number of subtrees, a power of two; 0 for NONE
 * @param share elements of a gradient that the sparse codecs send, in (0, 1]; 1 for the others
 * @param downShare the same for the change of the parameters
 */
public record Compression(Kind kind, int units, double share, double downShare)
    implements Serializable {
  /** Raw float32 values, gradients added over all slices of a task. */
  public static final Compression NONE = new Compression(Kind.NONE, 0, 1, 1);

  /** Most units. */
  public static final int MAX_UNITS = 4096;

  /** Codecs. */
  public enum Kind {
    /** Raw values without units. */
    NONE(0),
    /** Raw values of units and raw changes: the yardstick of the others. */
    FP32(1),
    /** bfloat16. */
    BF16(2),
    /** Eight bits and a scale per 256 values. */
    INT8(3),
    /** The largest values of each block. */
    TOPK(4),
    /** Signs of the values above a threshold that follows the block. */
    THRESHOLD(5);

    private final int wire;

    Kind(int wire) {
      this.wire = wire;
    }

    /** Number on the wire. */
    public int wire() {
      return wire;
    }

    /** Whether the codec sends a share of the elements. */
    public boolean sparse() {
      return this == TOPK || this == THRESHOLD;
    }

    /**
     * The kind of a wire number.
     *
     * @throws IllegalArgumentException for a number that no kind has
     */
    public static Kind ofWire(int wire) {
      for (Kind kind : values()) {
        if (kind.wire == wire) {
          return kind;
        }
      }
      throw new IllegalArgumentException("codec must be in 0..5, found " + wire);
    }
  }

  /** Checks the fields. */
  public Compression {
    boolean none = kind == Kind.NONE;
    if (none ? units != 0 : units < 1 || units > MAX_UNITS || Integer.bitCount(units) != 1) {
      throw new IllegalArgumentException(
          "units must be "
              + (none ? "0 without a codec" : "a power of two in 1.." + MAX_UNITS)
              + ", found "
              + units);
    }
    requireShare(share);
    requireShare(downShare);
  }

  private static void requireShare(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share must be in (0, 1], found " + share);
    }
  }

  /** A codec that is not sparse. */
  public static Compression of(Kind kind, int units) {
    return new Compression(kind, units, 1, 1);
  }

  /** Whether values travel as they are. */
  public boolean isNone() {
    return kind == Kind.NONE;
  }

  /**
   * Level of the units in the tree over V slices, 0 for the slices.
   *
   * @throws IllegalArgumentException when there are more units than slices
   */
  public int level(int slices) {
    if (units > slices) {
      throw new IllegalArgumentException(
          "compression has " + units + " units, a step only " + slices + " slices");
    }
    int levels = Integer.SIZE - Integer.numberOfLeadingZeros(slices - 1);
    return levels - Integer.numberOfTrailingZeros(units);
  }

  /** Units that have slices: fewer than {@link #units} when V is no power of two. */
  public int usedUnits(int slices) {
    return isNone() ? 0 : ((slices - 1) >> level(slices)) + 1;
  }

  /** Bytes that an element of a gradient takes on average. */
  public double upBytesPerElement() {
    return bytesPerElement(share);
  }

  /** Bytes that the change of a parameter takes on average. */
  public double downBytesPerElement() {
    return bytesPerElement(downShare);
  }

  private double bytesPerElement(double sent) {
    double head = 1.0 / Codec.BLOCK;
    // the gap to the next of evenly spread positions takes a second byte above 127, with sign 63
    return switch (kind) {
      case NONE, FP32 -> Float.BYTES;
      case BF16 -> Short.BYTES;
      case INT8 -> 1 + (double) Float.BYTES / Int8Codec.GROUP;
      case TOPK -> head + sent * (Short.BYTES + 1 + Math.pow(1 - sent, 128));
      case THRESHOLD -> 3 * head + sent * (1 + Math.pow(1 - sent, 64));
    };
  }

  /** A codec for gradients. */
  public Codec up() {
    return Codec.of(kind, share);
  }

  /** A codec for changes of parameters. */
  public Codec down() {
    return Codec.of(kind, downShare);
  }
}
