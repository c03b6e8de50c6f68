package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.tensor.Memory;
import org.junit.jupiter.api.Test;

final class BatchBuffersTest {
  @Test
  void growsTheSparseBuffersAndKeepsTheirContent() {
    long before = Memory.allocatedBytes();
    try (BatchBuffers batch = new BatchBuffers(4, 3, 2, 100, 1)) {
      for (int i = 0; i < 1000; i++) {
        Memory.putInt(batch.csrColumns(i + 1) + 4L * i, i);
        Memory.putFloat(batch.csrValues(i + 1) + 4L * i, 2 * i);
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(Memory.getInt(batch.csrColumns(1000) + 4L * i)).isEqualTo(i);
        assertThat(Memory.getFloat(batch.csrValues(1000) + 4L * i)).isEqualTo(2 * i);
      }
      assertThat(Memory.getFloat(batch.weights() + 12)).isEqualTo(1);
    }
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void checksItsArguments() {
    assertThatThrownBy(() -> new BatchBuffers(0, 1, 0, 0, 0)).hasMessageContaining("0 rows");
    try (BatchBuffers batch = new BatchBuffers(4, 0, 0, 0, 0)) {
      assertThat(batch.numeric()).isZero();
      assertThatThrownBy(() -> batch.setRows(0)).hasMessageContaining("1..4");
      assertThatThrownBy(() -> batch.csrColumns(-1)).hasMessageContaining("-1 stored values");
    }
  }
}
