package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.sample.Mix64;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MemoryPlannerTest {
  @Test
  void blocksAliveAtTheSameTimeNeverOverlap() {
    for (int seed = 0; seed < 200; seed++) {
      MemoryPlanner planner = new MemoryPlanner();
      List<MemoryPlanner.Block> blocks = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        long draw = Mix64.mix(seed * 1000L + i);
        MemoryPlanner.Block block = planner.block(draw & 0xfff, (int) (draw >>> 20 & 31));
        block.extend(block.first + (int) (draw >>> 30 & 7));
        blocks.add(block);
      }
      long bytes = planner.place(true);
      for (MemoryPlanner.Block a : blocks) {
        assertThat(a.offset % 64).isZero();
        assertThat(a.offset + a.bytes).isLessThanOrEqualTo(bytes);
        for (MemoryPlanner.Block b : blocks) {
          if (a != b && a.first <= b.last && b.first <= a.last) {
            assertThat(a.offset >= b.offset + b.bytes || b.offset >= a.offset + a.bytes)
                .as("seed %d", seed)
                .isTrue();
          }
        }
      }
      assertThat(bytes).isLessThanOrEqualTo(planner.unsharedBytes());
      assertThat(planner.place(false)).isEqualTo(planner.unsharedBytes());
    }
  }

  @Test
  void aChainNeedsTwoBlocks() {
    MemoryPlanner planner = new MemoryPlanner();
    for (int i = 0; i < 10; i++) {
      planner.block(640, i).extend(i + 1);
    }
    assertThat(planner.place(true)).isEqualTo(2 * 640);
  }
}
