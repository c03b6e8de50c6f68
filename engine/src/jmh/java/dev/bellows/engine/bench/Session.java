package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.List;

/** Kernels and tensors of one benchmark, freed together. */
final class Session implements AutoCloseable {
  private final Kernels kernels;
  private final List<Long> tensors = new ArrayList<>();

  /** A session of {@code auto} or {@code plain} kernels. */
  Session(String kernels) {
    this.kernels = KernelProvider.choose(KernelProvider.Preference.of(kernels)).open();
  }

  Kernels kernels() {
    return kernels;
  }

  /** Address of n floats, normal deviates of stream {@code key}. */
  long normal(long n, long key) {
    long address = zeros(n);
    for (long i = 0; i < n; i++) {
      Memory.putFloat(address + 4 * i, Philox.normal(key, i));
    }
    return address;
  }

  /** Address of n floats, all 0. */
  long zeros(long n) {
    long address = Memory.allocate(4 * n);
    Memory.zero(address, 4 * n);
    tensors.add(address);
    return address;
  }

  /** Fails when two tensors differ by more than {@code tolerance}: what is timed must be right. */
  static void agree(String what, long found, long expected, long n, double tolerance) {
    for (long i = 0; i < n; i++) {
      float f = Memory.getFloat(found + 4 * i);
      float e = Memory.getFloat(expected + 4 * i);
      if (!(Math.abs(f - e) <= tolerance)) {
        throw new IllegalStateException(
            what + ": element " + i + " is " + f + ", plain Java has " + e);
      }
    }
  }

  @Override
  public void close() {
    kernels.close();
    tensors.forEach(Memory::free);
  }
}
