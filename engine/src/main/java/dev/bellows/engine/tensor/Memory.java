package dev.bellows.engine.tensor;

import java.lang.reflect.Field;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import sun.misc.Unsafe;

/**
 * Off-heap memory: counted, 64-byte aligned, zeroed blocks named by their address, and element
 * access to them.
 *
 * <p>Why Unsafe: a tensor is an address that native kernels and plain Java share, an access costs
 * under a nanosecond, and the same class file runs on Java 17 to 25 (see KERNELS in the design
 * notes for the measurements). Element access is unchecked; every checked border (array copies,
 * allocation) validates its arguments. Values are in native byte order.
 *
 * <p>Layout of a block:
 *
 * <pre>
 * raw ... padding | raw address (8 bytes) | payload length (8 bytes) | payload, 64-byte aligned
 *                                                                    ^ the address handed out
 * </pre>
 */
public final class Memory {
  /** Alignment of every block and of every {@link Arena#take} in bytes: one cache line. */
  public static final int ALIGNMENT_BYTES = 64;

  private static final int HEADER_BYTES = 16;
  private static final Unsafe UNSAFE = unsafe();
  private static final long FLOAT_BASE = Unsafe.ARRAY_FLOAT_BASE_OFFSET;
  private static final long INT_BASE = Unsafe.ARRAY_INT_BASE_OFFSET;
  private static final long BYTE_BASE = Unsafe.ARRAY_BYTE_BASE_OFFSET;
  private static final AtomicLong ALLOCATED = new AtomicLong();

  private Memory() {}

  private static Unsafe unsafe() {
    try {
      Field field = Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      return (Unsafe) field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** {@code bytes} rounded up to a multiple of {@link #ALIGNMENT_BYTES}. */
  public static long align(long bytes) {
    return (bytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }

  /**
   * Allocates a zeroed block.
   *
   * @param bytes payload length, 0 or more
   * @return the address, a multiple of 64; give it to {@link #free} exactly once
   * @throws IllegalArgumentException when {@code bytes} is negative
   * @throws OutOfMemoryError when the operating system refuses
   */
  public static long allocate(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes; ask for 0 or more");
    }
    long raw = UNSAFE.allocateMemory(Math.addExact(bytes, HEADER_BYTES + ALIGNMENT_BYTES));
    long address = align(raw + HEADER_BYTES);
    UNSAFE.putLong(address - 16, raw);
    UNSAFE.putLong(address - 8, bytes);
    UNSAFE.setMemory(address, bytes, (byte) 0);
    ALLOCATED.addAndGet(bytes);
    return address;
  }

  /** Frees a block of {@link #allocate}; 0 is ignored. */
  public static void free(long address) {
    if (address == 0) {
      return;
    }
    long raw = UNSAFE.getLong(address - 16);
    long bytes = UNSAFE.getLong(address - 8);
    if (raw == 0 || bytes < 0) {
      throw new IllegalStateException(
          "block at address 0x" + Long.toHexString(address) + " was freed before");
    }
    UNSAFE.putLong(address - 16, 0);
    UNSAFE.freeMemory(raw);
    ALLOCATED.addAndGet(-bytes);
  }

  /** Bytes of all live blocks of this JVM; 0 when everything was freed. */
  public static long allocatedBytes() {
    return ALLOCATED.get();
  }

  public static float getFloat(long address) {
    return UNSAFE.getFloat(address);
  }

  public static void putFloat(long address, float value) {
    UNSAFE.putFloat(address, value);
  }

  public static int getInt(long address) {
    return UNSAFE.getInt(address);
  }

  public static void putInt(long address, int value) {
    UNSAFE.putInt(address, value);
  }

  public static short getShort(long address) {
    return UNSAFE.getShort(address);
  }

  public static void putShort(long address, short value) {
    UNSAFE.putShort(address, value);
  }

  public static byte getByte(long address) {
    return UNSAFE.getByte(address);
  }

  public static void putByte(long address, byte value) {
    UNSAFE.putByte(address, value);
  }

  public static double getDouble(long address) {
    return UNSAFE.getDouble(address);
  }

  public static void putDouble(long address, double value) {
    UNSAFE.putDouble(address, value);
  }

  public static long getLong(long address) {
    return UNSAFE.getLong(address);
  }

  public static void putLong(long address, long value) {
    UNSAFE.putLong(address, value);
  }

  /** Copies {@code src[offset .. offset+count)} to {@code destination}. */
  public static void copyIn(float[] src, int offset, long destination, int count) {
    Objects.checkFromIndexSize(offset, count, src.length);
    UNSAFE.copyMemory(src, FLOAT_BASE + 4L * offset, null, destination, 4L * count);
  }

  /** Copies {@code count} floats from {@code source} to {@code dst[offset .. offset+count)}. */
  public static void copyOut(long source, float[] dst, int offset, int count) {
    Objects.checkFromIndexSize(offset, count, dst.length);
    UNSAFE.copyMemory(null, source, dst, FLOAT_BASE + 4L * offset, 4L * count);
  }

  /** Copies {@code src[offset .. offset+count)} to {@code destination}. */
  public static void copyIn(int[] src, int offset, long destination, int count) {
    Objects.checkFromIndexSize(offset, count, src.length);
    UNSAFE.copyMemory(src, INT_BASE + 4L * offset, null, destination, 4L * count);
  }

  /** Copies {@code count} ints from {@code source} to {@code dst[offset .. offset+count)}. */
  public static void copyOut(long source, int[] dst, int offset, int count) {
    Objects.checkFromIndexSize(offset, count, dst.length);
    UNSAFE.copyMemory(null, source, dst, INT_BASE + 4L * offset, 4L * count);
  }

  /** Copies {@code src[offset .. offset+count)} to {@code destination}. */
  public static void copyIn(byte[] src, int offset, long destination, int count) {
    Objects.checkFromIndexSize(offset, count, src.length);
    UNSAFE.copyMemory(src, BYTE_BASE + offset, null, destination, count);
  }

  /** Copies {@code count} bytes from {@code source} to {@code dst[offset .. offset+count)}. */
  public static void copyOut(long source, byte[] dst, int offset, int count) {
    Objects.checkFromIndexSize(offset, count, dst.length);
    UNSAFE.copyMemory(null, source, dst, BYTE_BASE + offset, count);
  }

  /** Copies {@code bytes} from {@code source} to {@code destination}; the ranges may overlap. */
  public static void copy(long source, long destination, long bytes) {
    UNSAFE.copyMemory(source, destination, bytes);
  }

  /** Fills {@code bytes} bytes from {@code address} with zeros. */
  public static void zero(long address, long bytes) {
    UNSAFE.setMemory(address, bytes, (byte) 0);
  }
}
