package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Target;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameQueueTest {
  private static final Target TARGET = new Target("run", 0, 1);

  @Test
  void firstChunksOvertakeLaterOnesAndFramesOfAChunkKeepTheirOrder() {
    FrameQueue queue = new FrameQueue();
    List<Integer> order = new ArrayList<>();
    int[] places = {9, 7, 7, 8, -1, 0, 9, 3, -1, 1, 1, 2, 6, 5, 4, 9, 0, 3, 3};
    for (int i = 0; i < places.length; i++) {
      queue.add(Unpooled.wrappedBuffer(new byte[] {(byte) i}), places[i]);
    }
    while (!queue.isEmpty()) {
      ByteBuf frame = queue.remove();
      order.add((int) frame.readByte());
      frame.release();
    }
    assertThat(order)
        .containsExactly(4, 8, 5, 16, 9, 10, 11, 7, 17, 18, 14, 13, 12, 1, 2, 3, 0, 6, 15);
  }

  @Test
  void requestsStandByTheirChunk() {
    assertThat(FrameQueue.place(new Message.Pull(TARGET, 1, 2, 5))).isEqualTo(5);
    Message.Push push = new Message.Push(TARGET, 1, 2, 0, 0, 7, true, -1, 1, 1, 1, 1, Floats.EMPTY);
    assertThat(FrameQueue.place(push)).isEqualTo(7);
    assertThat(FrameQueue.place(new Message.Norm(TARGET, 3))).isNegative();
    assertThat(FrameQueue.place(new Message.Ping())).isNegative();
  }
}
