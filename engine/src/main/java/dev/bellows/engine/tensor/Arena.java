package dev.bellows.engine.tensor;

import java.lang.ref.Cleaner;

/**
 * One off-heap block that is handed out piece by piece and freed at once.
 *
 * <p>Not thread-safe: one arena belongs to one task thread. {@link #close} frees it; a Cleaner does
 * when the owner forgot.
 */
public final class Arena implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long base;
  private final long capacityBytes;
  private final Cleaner.Cleanable cleanable;
  private long usedBytes;
  private boolean closed;

  /** The block's owner for the Cleaner; it must not refer to the arena. */
  private record Block(long address) implements Runnable {
    @Override
    public void run() {
      Memory.free(address);
    }
  }

  /**
   * Allocates the whole block, zeroed.
   *
   * @param bytes capacity; rounded up to a multiple of 64
   */
  public Arena(long bytes) {
    this.capacityBytes = Memory.align(bytes);
    this.base = Memory.allocate(capacityBytes);
    this.cleanable = CLEANER.register(this, new Block(base));
  }

  /**
   * The next {@code bytes} bytes of the block.
   *
   * @return an address that is a multiple of 64
   * @throws IllegalStateException when the arena is closed or too small
   */
  public long take(long bytes) {
    if (closed) {
      throw new IllegalStateException("arena is closed");
    }
    long rounded = Memory.align(bytes);
    if (bytes < 0 || usedBytes + rounded > capacityBytes) {
      throw new IllegalStateException(
          "arena of "
              + capacityBytes
              + " bytes has "
              + (capacityBytes - usedBytes)
              + " left, asked for "
              + bytes);
    }
    long address = base + usedBytes;
    usedBytes += rounded;
    return address;
  }

  /** Bytes handed out so far. */
  public long usedBytes() {
    return usedBytes;
  }

  /** Bytes that the arena can hand out in all. */
  public long capacityBytes() {
    return capacityBytes;
  }

  /**
   * Frees the block; every address taken from it is dead afterwards. Calling it again does nothing.
   */
  @Override
  public void close() {
    closed = true;
    cleanable.clean();
  }
}
