package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Indexing;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.PadShape;
import dev.bellows.engine.kernel.PermuteShape;
import dev.bellows.engine.kernel.SliceShape;
import dev.bellows.engine.tensor.Memory;
import java.util.stream.LongStream;

/** {@link Indexing} by our C library ({@code indexing.c}). */
final class NativeIndexing implements Indexing {
  private final SessionMemory memory;

  NativeIndexing(SessionMemory memory) {
    this.memory = memory;
  }

  private long store(LongStream numbers) {
    long[] values = numbers.toArray();
    long address = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return address;
  }

  @Override
  public KernelCall bindPermute(PermuteShape shape, long x, long y) {
    LongStream sizes =
        LongStream.concat(LongStream.of(shape.dims()), LongStream.of(shape.strides()));
    long address = store(LongStream.concat(LongStream.of(shape.dims().length), sizes));
    return () -> permute(address, x, y);
  }

  private long store(PadShape shape) {
    LongStream numbers = LongStream.of(shape.rank());
    for (int axis = 0; axis < shape.rank(); axis++) {
      int along = axis;
      int padded = shape.paddedDim(axis);
      LongStream sizes = LongStream.of(shape.dim(axis), padded);
      LongStream places = LongStream.range(0, padded).map(i -> shape.place(along, (int) i));
      numbers = LongStream.concat(numbers, LongStream.concat(sizes, places));
    }
    return store(numbers);
  }

  @Override
  public KernelCall bindPad(PadShape shape, float value, long x, long y) {
    long address = store(shape);
    return () -> pad(address, value, x, y);
  }

  @Override
  public KernelCall bindUnpad(PadShape shape, long y, long x) {
    long address = store(shape);
    return () -> unpad(address, y, x);
  }

  @Override
  public KernelCall bindGather(SliceShape s, long x, long indices, long y) {
    return () -> gather(s.outer(), s.size(), s.inner(), s.count(), x, indices, y);
  }

  @Override
  public KernelCall bindScatterAdd(SliceShape s, long dy, long indices, long x) {
    return () -> scatterAdd(s.outer(), s.size(), s.inner(), s.count(), dy, indices, x);
  }

  @Override
  public KernelCall bindOneHot(int count, int depth, long indices, long y) {
    return () -> oneHot(count, depth, indices, y);
  }

  @Override
  public KernelCall bindCumulativeSum(
      int outer, int n, int inner, boolean exclusive, boolean reverse, long x, long y) {
    return () -> cumulativeSum(outer, n, inner, exclusive, reverse, x, y);
  }

  @Override
  public KernelCall bindSelect(long n, long mask, long a, long b, long y) {
    return () -> select(n, mask, a, b, y);
  }

  @Override
  public KernelCall bindReverseSequence(
      int rows, int steps, int inner, long x, long lengths, long y) {
    return () -> reverseSequence(rows, steps, inner, x, lengths, y);
  }

  @Override
  public KernelCall bindSequenceMask(int rows, int steps, long lengths, long y) {
    return () -> sequenceMask(rows, steps, lengths, y);
  }

  @Override
  public KernelCall bindWindowPlaces(
      int rows, int queries, int size, int reach, long centres, long y) {
    return () -> windowPlaces(rows, queries, size, reach, centres, y);
  }

  private static native void permute(long shape, long x, long y);

  private static native void pad(long shape, float value, long x, long y);

  private static native void unpad(long shape, long y, long x);

  private static native void gather(
      long outer, long size, long inner, long count, long x, long indices, long y);

  private static native void scatterAdd(
      long outer, long size, long inner, long count, long dy, long indices, long x);

  private static native void oneHot(long count, long depth, long indices, long y);

  private static native void cumulativeSum(
      long outer, long n, long inner, boolean exclusive, boolean reverse, long x, long y);

  private static native void select(long n, long mask, long a, long b, long y);

  private static native void reverseSequence(
      long rows, long steps, long inner, long x, long lengths, long y);

  private static native void sequenceMask(long rows, long steps, long lengths, long y);

  private static native void windowPlaces(
      long rows, long queries, long size, long reach, long centres, long y);
}
