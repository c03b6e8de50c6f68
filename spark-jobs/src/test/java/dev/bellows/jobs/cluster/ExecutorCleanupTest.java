package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExecutorCleanupTest {
  @Test
  void everyActionRunsOnceThoughOneFails() {
    List<String> ran = new ArrayList<>();
    ExecutorCleanup.atShutdown(
        () -> {
          throw new IllegalStateException("closed already");
        });
    ExecutorCleanup.atShutdown(() -> ran.add("workers"));
    ExecutorCleanup.run();
    ExecutorCleanup.run();
    assertThat(ran).containsExactly("workers");
  }
}
