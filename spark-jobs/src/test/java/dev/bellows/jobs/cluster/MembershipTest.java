package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Executors that stand still, come back, and leave on request, without processes. */
class MembershipTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final ShardRegistry registry = new ShardRegistry();

  private void member(String id, int cores) {
    registry.cores(id, cores);
    registry.register(new ShardRegistry.Member(id, "h", 1, 1));
  }

  @Test
  void silenceIsMeasuredWithoutTheDriversOwnPauses() {
    Heartbeats beats = new Heartbeats();
    beats.heard("1", 0);
    beats.heard("2", 0);
    for (long t = 0; t <= 40; t++) {
      beats.heard("2", t * SECOND / 10);
      assertThat(beats.silent(t * SECOND / 10, 4 * SECOND)).isEmpty();
    }
    assertThat(beats.silent(41 * SECOND / 10, 4 * SECOND)).containsExactly("1");
    // the driver stands still for a minute: nobody could be heard
    assertThat(beats.silent(64 * SECOND, 4 * SECOND)).containsExactly("1");
    assertThat(beats.silent(65 * SECOND, 4 * SECOND)).containsExactly("1");
    beats.forget("1");
    assertThat(beats.silent(66 * SECOND, 4 * SECOND)).isEmpty();
  }

  @Test
  void fault_30_whoWasDeclaredLostIsANewMemberWhenItIsHeardOfAgain() {
    member("1", 2);
    member("2", 1);
    registry.declareLost("1", "no sign of life");
    assertThat(registry.alive("1")).isFalse();
    assertThat(registry.coresAway()).isEqualTo(2);
    assertThat(registry.losses())
        .containsExactly(new ShardRegistry.Loss("1", "h", "no sign of life", false));
    registry.heard("1", 0);
    assertThat(registry.alive("1")).isTrue();
    assertThat(registry.coresAway()).isZero();
    assertThat(registry.returns()).hasSize(1);
    registry.declareLost("1", "again");
    registry.removed("1", "Command exited with code 137");
    registry.heard("1", 0); // a message that was under way
    assertThat(registry.alive("1")).isFalse();
    assertThat(registry.losses()).as("each loss once").hasSize(2);
  }

  @Test
  void executorsThatLeaveAreUsedByNobodyAndAreNoFailure() throws Exception {
    member("1", 1);
    member("2", 1);
    registry.lookForLeaving("1"::equals);
    assertThat(registry.alive("1")).isTrue();
    assertThat(registry.stays("1")).isFalse();
    assertThat(registry.staying())
        .extracting(ShardRegistry.Member::executorId)
        .containsExactly("2");
    assertThat(registry.await(2, 1)).hasSize(1);
    registry.removed("1", "Executor decommission: Executor 1 is decommissioned.");
    registry.removed("1", "Command exited with code 0");
    registry.removed("2", "Executor killed by driver.");
    assertThat(registry.losses())
        .extracting(ShardRegistry.Loss::expected)
        .containsExactly(true, true);
  }

  @Test
  void whenAllLeaveTheyAreUsedAsLongAsTheyAreThere() {
    member("1", 1);
    registry.lookForLeaving(id -> true);
    assertThat(registry.staying()).hasSize(1);
  }
}
