package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.cluster.ShardPlacement.Seat;
import dev.bellows.ps.client.ShardAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShardPlacementTest {
  private static final Seat A = seat("0");
  private static final Seat B = seat("1");
  private static final Seat C = seat("2");
  private static final Seat DRIVER = seat(ShardPlacement.DRIVER);

  private static Seat seat(String executor) {
    return new Seat(executor, new ShardAddress("host-" + executor, 7000));
  }

  private static ShardPlacement of(List<Seat> primaries, Map<Integer, Seat> replicas) {
    return new ShardPlacement(primaries, replicas);
  }

  @Test
  void replicasLieOnTheNextExecutor() {
    assertThat(of(List.of(A, B, C, A), Map.of()).wanted(List.of(A, B, C)))
        .isEqualTo(Map.of(0, B, 1, C, 2, A, 3, B));
    assertThat(of(List.of(A, A), Map.of()).wanted(List.of(A))).as("no other one").isEmpty();
    assertThat(of(List.of(DRIVER), Map.of()).wanted(List.of(A))).isEqualTo(Map.of(0, A));
  }

  @Test
  void goodReplicasStayThoseInTheDriverMoveToAnExecutor() {
    assertThat(of(List.of(A, A), Map.of(0, C, 1, DRIVER)).wanted(List.of(A, B, C)))
        .isEqualTo(Map.of(1, B));
  }

  @Test
  void replicasTakeThePlaceOfLostPrimaries() {
    ShardPlacement whole = of(List.of(A, B, C), Map.of(0, B, 1, C, 2, A));
    assertThat(whole.survivors(id -> !id.equals("0"))).contains(of(List.of(B, B, C), Map.of(1, C)));
    assertThat(whole.survivors(id -> id.equals("2"))).as("shard 0 had A and B").isEmpty();
    assertThat(of(List.of(A), Map.of()).survivors(id -> false)).isEmpty();
    assertThat(of(List.of(A), Map.of(0, DRIVER)).survivors(id -> id.equals(ShardPlacement.DRIVER)))
        .contains(of(List.of(DRIVER), Map.of()));
  }

  @Test
  void addressesFallBackToThePrimarysWhereThereIsNoReplica() {
    ShardPlacement some = of(List.of(A, B), Map.of(1, A));
    assertThat(some.addresses()).containsExactly(A.address(), B.address());
    assertThat(some.replicaAddresses()).containsExactly(A.address(), A.address());
    assertThat(some.hasReplica(0)).isFalse();
    assertThat(some.without(Set.of(1)).with(Map.of(0, C)).replicas()).isEqualTo(Map.of(0, C));
    assertThat(some.uses("1")).isTrue();
    assertThat(some.uses("2")).isFalse();
  }
}
