package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.Message;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * Frames that wait for a connection: what asks for nothing of the vector first, then by the chunk
 * that a frame pushes or asks for, so that what a forward pass needs first overtakes what was
 * queued before; frames of a chunk in the order in which they came. Not thread-safe.
 */
final class FrameQueue {
  private static final int FIRST = -1;

  private ByteBuf[] frames = new ByteBuf[16];
  private int[] places = new int[16];
  private int size;

  /** Where a request stands in the queue. */
  static int place(Message request) {
    if (request instanceof Message.Push push) {
      return push.chunk();
    }
    if (request instanceof Message.CodedPush coded) {
      return coded.head().chunk();
    }
    return request instanceof Message.Pull pull ? pull.chunk() : FIRST;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Puts a frame behind those that go before it or with it. */
  void add(ByteBuf frame, int place) {
    if (size == frames.length) {
      frames = Arrays.copyOf(frames, 2 * size);
      places = Arrays.copyOf(places, 2 * size);
    }
    int at = size++; // the last one is the next to go
    while (at > 0 && places[at - 1] <= place) {
      frames[at] = frames[at - 1];
      places[at] = places[at - 1];
      at--;
    }
    frames[at] = frame;
    places[at] = place;
  }

  /**
   * Takes the next frame.
   *
   * @throws IndexOutOfBoundsException when there is none
   */
  ByteBuf remove() {
    return frames[--size];
  }
}
