package dev.bellows.engine.plan;

import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes around every block of a checked plan that no kernel may write: a kernel that goes past its
 * result is found at once and by name, where it would otherwise change a neighbour.
 */
final class Guards {
  /** Bytes before and after a block. */
  static final int BYTES = 64;

  private static final byte PATTERN = (byte) 0xA5;

  private record Guard(String block, String side, long address, long bytes) {}

  private final List<Guard> guards = new ArrayList<>();

  /**
   * Guards a block.
   *
   * @param start first byte of the guard before the block
   * @param address first byte that may be written
   * @param bytes that may be written
   * @param end byte after the guard behind the block
   */
  void around(String block, long start, long address, long bytes, long end) {
    add(new Guard(block, "before", start, address - start));
    add(new Guard(block, "behind", address + bytes, end - address - bytes));
  }

  private void add(Guard guard) {
    for (long i = 0; i < guard.bytes(); i++) {
      Memory.putByte(guard.address() + i, PATTERN);
    }
    guards.add(guard);
  }

  /**
   * Looks at every guard.
   *
   * @throws IllegalStateException naming what ran last and the block whose surroundings it wrote
   */
  void check(String ran) {
    for (Guard guard : guards) {
      for (long i = 0; i < guard.bytes(); i++) {
        if (Memory.getByte(guard.address() + i) != PATTERN) {
          throw new IllegalStateException(
              ran
                  + " wrote outside its memory: byte "
                  + i
                  + " "
                  + guard.side()
                  + " "
                  + guard.block()
                  + " changed; this is a defect of the kernel, please report it");
        }
      }
    }
  }
}
