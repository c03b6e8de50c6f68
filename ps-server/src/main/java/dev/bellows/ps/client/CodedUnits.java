package dev.bellows.ps.client;

import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.ps.codec.Codec;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Bytes;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.shard.Finite;
import dev.bellows.ps.shard.ShardMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A task's side of compression: what its units still have to send, the codes of the present step,
 * and the view of the parameters that changes are added to.
 *
 * <p>The owner thread codes; answers come in one at a time on any thread and touch the view only.
 */
final class CodedUnits implements Destination {
  private static final FlatVectors VECTORS = FlatVectors.get();
  private static final Destination NOWHERE = (at, values, offset, length) -> {};

  private final int length;
  private final int level;
  private final Codec up;
  private final Codec down;
  private final int codeBytes;
  private final float[] view;
  private final float[] zeros;
  private final float[] @Nullable [] residuals;
  private final List<byte[]> codes = new ArrayList<>();
  private final List<int[]> ends = new ArrayList<>();
  private final int[] parts;
  private double[] wanted = new double[1];
  private double[] left = new double[1];
  private int used;
  private long residualsAt = -1;
  private Destination inner = NOWHERE;

  CodedUnits(Compression compression, int slices, ShardMap map) {
    this.length = map.length();
    this.level = compression.level(slices);
    this.up = compression.up();
    this.down = compression.down();
    this.parts = parts(map);
    this.codeBytes = codeBytes(parts, up);
    this.view = new float[length];
    this.zeros = new float[Math.min(length, ShardMap.CHUNK)];
    this.residuals = new float[compression.usedUnits(slices)][];
  }

  /** Where the chunks of all shards begin, in order, and the end of the last one. */
  private static int[] parts(ShardMap map) {
    int count = 0;
    for (int shard = 0; shard < map.shards(); shard++) {
      count += map.endChunk(shard) - map.firstChunk(shard);
    }
    int[] parts = new int[count + 1];
    parts[count] = map.length();
    int part = 0;
    for (int shard = 0; shard < map.shards(); shard++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        parts[part++] = ShardMap.chunkFrom(chunk, map.from(shard));
      }
    }
    return parts;
  }

  private static int codeBytes(int[] parts, Codec codec) {
    int bytes = 0;
    for (int part = 0; part + 1 < parts.length; part++) {
      bytes = Math.addExact(bytes, codec.maxBytes(parts[part + 1] - parts[part]));
    }
    return bytes;
  }

  /** Where parameters go from now on. */
  Destination into(Destination destination) {
    inner = destination;
    return this;
  }

  /**
   * Takes what units had not sent when a version began.
   *
   * @param ofUnit the residual of a unit, copied; null for zeros
   */
  void load(long version, int unitFrom, int unitTo, IntFunction<float @Nullable []> ofUnit) {
    for (int unit = unitFrom; unit < unitTo; unit++) {
      float[] given = ofUnit.apply(unit);
      if (given != null && given.length != length) {
        throw new IllegalArgumentException(
            "residual of unit "
                + unit
                + " must have "
                + length
                + " elements, found "
                + given.length);
      }
      residuals[unit] = given == null ? new float[length] : given.clone();
    }
    residualsAt = version;
  }

  /** What a unit has not sent yet [length]; null for a unit of another task. */
  float @Nullable [] residual(int unit) {
    return residuals[unit];
  }

  /** Version that the residuals belong to; -1 when they are not known. */
  long residualsAt() {
    return residualsAt;
  }

  /** Begins to code a step; until {@link #sent} the residuals belong to no version. */
  void begin() {
    residualsAt = -1;
    used = 0;
  }

  /**
   * Adds a unit's gradients to what it still has to send and codes the sum.
   *
   * @param bad first slice that is not finite, or -1
   * @return the same, or the unit's first slice when the sum is not finite: then nothing of it is
   *     sent and nothing kept, the step will not be applied
   */
  int add(int atLevel, int unit, float[] values, int bad) {
    float[] residual = residuals[unit];
    if (atLevel != level || residual == null) {
      throw new IllegalStateException(
          "sums must be those of whole units at level "
              + level
              + " with their residuals loaded, found level "
              + atLevel
              + ", index "
              + unit);
    }
    boolean finite = bad < 0 && Finite.all(values, 0, length);
    if (finite) {
      VECTORS.add(values, 0, residual, length);
    }
    if (used == codes.size()) {
      codes.add(new byte[codeBytes]);
      ends.add(new int[parts.length]);
      wanted = Arrays.copyOf(wanted, codes.size());
      left = Arrays.copyOf(left, codes.size());
    }
    wanted[used] = finite ? Codec.squares(residual, length) : 0;
    encode(finite ? residual : zeros, codes.get(used), ends.get(used));
    left[used] = finite ? Codec.squares(residual, length) : 0;
    used++;
    return finite || bad >= 0 ? bad : unit << level;
  }

  private void encode(float[] source, byte[] code, int[] end) {
    for (int part = 0; part + 1 < parts.length; part++) {
      int from = source == zeros ? 0 : parts[part];
      int bytes = up.encode(source, from, parts[part + 1] - parts[part], code, end[part]);
      end[part + 1] = end[part] + bytes;
    }
  }

  /**
   * The push of a part of the n-th added unit; the bytes stay until the next step begins.
   *
   * @param from first element of the part
   */
  Message.CodedPush push(Message.Push head, int n, int from) {
    int part = Arrays.binarySearch(parts, from);
    int at = ends.get(n)[part];
    Bytes code = new Bytes(codes.get(n), at, ends.get(n)[part + 1] - at);
    return new Message.CodedPush(head, wanted[n], left[n], code);
  }

  /** The step was taken: the residuals are those of the next version. */
  void sent(long version) {
    residualsAt = version;
  }

  @Override
  public void put(int at, float[] values, int offset, int count) {
    System.arraycopy(values, offset, view, at, count);
    inner.put(at, values, offset, count);
  }

  /** Adds a coded change to elements of the view. */
  void change(int at, int count, Bytes code) {
    down.add(code.array(), code.offset(), code.length(), view, at, count);
    inner.put(at, view, at, count);
  }
}
