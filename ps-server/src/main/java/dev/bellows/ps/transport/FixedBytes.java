package dev.bellows.ps.transport;

import io.netty.buffer.ByteBuf;

/** Collects a message of known length from reads of any size. */
final class FixedBytes {

  private final byte[] bytes;
  private int length;

  FixedBytes(int expectedBytes) {
    this.bytes = new byte[expectedBytes];
  }

  /** Takes what is missing and no more; returns whether the message is whole. */
  boolean takeFrom(ByteBuf in) {
    int part = Math.min(bytes.length - length, in.readableBytes());
    in.readBytes(bytes, length, part);
    length += part;
    return length == bytes.length;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }
}
