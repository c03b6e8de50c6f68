package dev.bellows.ps.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardMapTest {
  @ParameterizedTest
  @ValueSource(
      ints = {
        1,
        5,
        1023,
        1024,
        1025,
        65_535,
        65_536,
        65_537,
        200_000,
        1_000_003,
        Integer.MAX_VALUE
      })
  void shardsAreContiguousAlignedAndCoverTheVector(int length) {
    for (int shards : new int[] {1, 2, 3, 7, 64}) {
      ShardMap map = ShardMap.of(length, shards);
      int at = 0;
      long longest = 0;
      for (int s = 0; s < shards; s++) {
        assertThat(map.from(s)).isEqualTo(at);
        assertThat(map.to(s)).isGreaterThanOrEqualTo(at);
        assertThat(map.from(s) == length || map.from(s) % ShardMap.ALIGNMENT == 0).isTrue();
        at = map.to(s);
        longest = Math.max(longest, map.to(s) - map.from(s));
        int covered = map.from(s);
        for (int chunk = map.firstChunk(s); chunk < map.endChunk(s); chunk++) {
          assertThat(ShardMap.chunkFrom(chunk, map.from(s))).isEqualTo(covered);
          covered = ShardMap.chunkTo(chunk, map.to(s));
        }
        assertThat(covered).isEqualTo(map.to(s));
      }
      assertThat(at).isEqualTo(length);
      assertThat(longest).isLessThanOrEqualTo(length / shards + 2L * ShardMap.ALIGNMENT);
    }
  }

  @Test
  void emptyShardsHaveNoChunks() {
    ShardMap map = ShardMap.of(5, 3);
    int empty = 0;
    for (int s = 0; s < 3; s++) {
      if (map.isEmpty(s)) {
        empty++;
        assertThat(map.endChunk(s)).isEqualTo(map.firstChunk(s));
      }
    }
    assertThat(empty).isEqualTo(2);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> ShardMap.of(0, 1)).hasMessageContaining("length 0");
    assertThatThrownBy(() -> ShardMap.of(1, 0)).hasMessageContaining("shards 0");
  }
}
