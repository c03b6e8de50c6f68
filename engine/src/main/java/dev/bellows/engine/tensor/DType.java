package dev.bellows.engine.tensor;

/**
 * Element type of a tensor. Everything that is differentiated is {@link #FLOAT32}; operands of
 * products may be rounded to {@link #BFLOAT16}.
 */
public enum DType {
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** The upper half of a binary32: its range with 8 bits of precision. */
  BFLOAT16(2),
  /** Two's complement 32-bit integer: class labels, category codes, CSR indices. */
  INT32(4),
  /** Unsigned 8-bit integer: raw image bytes, masks. */
  UINT8(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }
}
