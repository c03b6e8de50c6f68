package dev.bellows.ps.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A step leaves nothing on the heap of any process: client, transport and server. Two executor
 * processes with a shard in each, as a training on a cluster has them.
 */
class ExchangeAllocationTest {
  /**
   * The JDK's selector boxes the file descriptor of every ready socket, 16 bytes, four a step and
   * process. One more object a frame would be 8 frames of 16 bytes or more.
   */
  private static final double MOST_BYTES = 112;

  private static final int STEPS = 2_000;
  private static final int ROUNDS = 12;

  @Test
  void aStepAllocatesNothing() throws Exception {
    try (PeerExecutors executors = new PeerExecutors()) {
      List<String> shards = executors.ask("host");
      executors.join("flat", 4096, "NONE", shards);
      double least = Double.MAX_VALUE;
      for (int round = 0; round < ROUNDS && least > MOST_BYTES; round++) {
        double most = 0;
        for (String answer : executors.ask("steps flat " + STEPS)) {
          most = Math.max(most, Double.parseDouble(answer.split(" ")[1]) / STEPS);
        }
        least = Math.min(least, most);
      }
      // the first rounds are interpreted: what the compiler removes later is still there
      assertThat(least)
          .as("bytes a step in the process that allocates more")
          .isLessThanOrEqualTo(MOST_BYTES);
    }
  }
}
