package dev.bellows.engine.plan;

import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Gives blocks that are alive at different times the same place: the largest first, each at the
 * lowest offset that is free for its whole life (greedy by size; Y. Pisarchyk, J. Lee, Efficient
 * memory management for deep neural net inference, MLSys workshop 2020).
 */
final class MemoryPlanner {
  /** A block of the arena, alive from step {@link #first} to step {@link #last}, both inclusive. */
  static final class Block {
    final long bytes;
    final int first;
    int last;
    long offset = -1;

    Block(long bytes, int first) {
      this.bytes = Memory.align(Math.max(1, bytes));
      this.first = first;
      this.last = first;
    }

    /** Keeps the block alive up to a step. */
    void extend(int step) {
      last = Math.max(last, step);
    }
  }

  private final List<Block> blocks = new ArrayList<>();

  Block block(long bytes, int step) {
    Block block = new Block(bytes, step);
    blocks.add(block);
    return block;
  }

  /** Bytes of all blocks side by side. */
  long unsharedBytes() {
    return blocks.stream().mapToLong(block -> block.bytes).sum();
  }

  /** Sets every offset; returns the bytes of the arena. */
  long place(boolean share) {
    long end = 0;
    if (!share) {
      for (Block block : blocks) {
        block.offset = end;
        end += block.bytes;
      }
      return end;
    }
    List<Block> order = new ArrayList<>(blocks);
    order.sort(
        Comparator.comparingLong((Block block) -> -block.bytes).thenComparingInt(b -> b.first));
    List<Block> placed = new ArrayList<>(); // by offset
    for (Block block : order) {
      long offset = 0;
      for (Block other : placed) {
        if (other.first <= block.last && block.first <= other.last) {
          if (other.offset - offset >= block.bytes) {
            break;
          }
          offset = Math.max(offset, other.offset + other.bytes);
        }
      }
      block.offset = offset;
      end = Math.max(end, offset + block.bytes);
      placed.add(block);
      placed.sort(Comparator.comparingLong(b -> b.offset));
    }
    return end;
  }
}
