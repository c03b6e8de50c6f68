package dev.bellows.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class MemoryTest {
  @Test
  void blocksAreAlignedZeroedAndCounted() {
    long before = Memory.allocatedBytes();
    for (long bytes : new long[] {0, 1, 63, 64, 65, 1000}) {
      long address = Memory.allocate(bytes);
      assertThat(address % Memory.ALIGNMENT_BYTES).isZero();
      assertThat(Memory.allocatedBytes()).isEqualTo(before + bytes);
      for (long i = 0; i < bytes; i++) {
        assertThat(Memory.getByte(address + i)).isZero();
        Memory.putByte(address + i, (byte) 7);
      }
      Memory.free(address);
      assertThat(Memory.allocatedBytes()).isEqualTo(before);
    }
    Memory.free(0);
    assertThatThrownBy(() -> Memory.allocate(-1)).hasMessageContaining("-1 bytes");
  }

  @Test
  void copiesRoundTrip() {
    long address = Memory.allocate(64);
    float[] floats = {1, 2, 3, Float.NaN, -0.0f};
    Memory.copyIn(floats, 1, address, 4);
    float[] back = new float[6];
    Memory.copyOut(address, back, 2, 4);
    assertThat(back).containsExactly(0, 0, 2, 3, Float.NaN, -0.0f);
    int[] ints = {5, -6};
    Memory.copyIn(ints, 0, address, 2);
    assertThat(Memory.getInt(address + 4)).isEqualTo(-6);
    Memory.copyOut(address, ints, 1, 1);
    assertThat(ints).containsExactly(5, 5);
    byte[] bytes = {1, 2, 3};
    Memory.copyIn(bytes, 1, address, 2);
    Memory.copy(address, address + 8, 2);
    Memory.copyOut(address + 8, bytes, 0, 2);
    assertThat(bytes).containsExactly(2, 3, 3);
    Memory.putDouble(address, Math.PI);
    assertThat(Memory.getDouble(address)).isEqualTo(Math.PI);
    Memory.zero(address, 8);
    assertThat(Memory.getLong(address)).isZero();
    Memory.free(address);
  }

  @Test
  void arrayBordersAreChecked() {
    long address = Memory.allocate(64);
    assertThatThrownBy(() -> Memory.copyIn(new float[3], 1, address, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Memory.copyOut(address, new float[3], -1, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Memory.copyOut(address, new int[3], 0, -1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    Memory.free(address);
  }

  @Test
  void anArenaHandsOutAlignedPiecesAndFreesThemAtOnce() {
    long before = Memory.allocatedBytes();
    Arena arena = new Arena(200);
    assertThat(arena.capacityBytes()).isEqualTo(256);
    long first = arena.take(1);
    long second = arena.take(100);
    assertThat(second - first).isEqualTo(64);
    assertThat(arena.usedBytes()).isEqualTo(192);
    assertThatThrownBy(() -> arena.take(65)).hasMessageContaining("has 64 left, asked for 65");
    arena.close();
    arena.close();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
    assertThatThrownBy(() -> arena.take(1)).hasMessageContaining("closed");
  }
}
