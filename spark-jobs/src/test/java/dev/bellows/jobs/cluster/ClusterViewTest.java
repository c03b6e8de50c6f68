package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ClusterViewTest {
  @Test
  void slotsOfAMasterUrl() {
    assertThat(ClusterView.slotsOf("local")).isEqualTo(1);
    assertThat(ClusterView.slotsOf("local[4]")).isEqualTo(4);
    assertThat(ClusterView.slotsOf("local[4, 3]")).isEqualTo(4);
    assertThat(ClusterView.slotsOf("local[*]")).isPositive();
    assertThat(ClusterView.slotsOf("local-cluster[2,3,1024]")).isEqualTo(6);
    assertThat(ClusterView.slotsOf("spark://h:7077")).isZero();
  }

  @Test
  void settingsGivenByTheUserStay() {
    SparkConf conf =
        new SparkConf(false).set("spark.plugins", "a.B").set("spark.task.maxFailures", "9");
    SparkSettings.apply(conf);
    assertThat(conf.get("spark.plugins")).isEqualTo("a.B," + BellowsPlugin.class.getName());
    assertThat(conf.get("spark.task.maxFailures")).isEqualTo("9");
    assertThat(SparkSettings.apply(conf).get("spark.plugins"))
        .endsWith(BellowsPlugin.class.getName());
  }

  @Test
  void registryCountsMembersAndLosses() throws Exception {
    ShardRegistry registry = new ShardRegistry();
    registry.register(new ShardRegistry.Member("10", "h", 1, 1));
    registry.register(new ShardRegistry.Member("9", "h", 2, 2));
    assertThat(registry.members())
        .extracting(ShardRegistry.Member::executorId)
        .containsExactly("9", "10");
    registry.removed("10", "killed");
    assertThat(registry.alive("10")).isFalse();
    assertThat(registry.losses())
        .containsExactly(new ShardRegistry.Loss("10", "h", "killed", false));
    assertThat(registry.await(1, 1)).hasSize(1);
    assertThat(registry.await(5, 10)).hasSize(1);
  }
}
