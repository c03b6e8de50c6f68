package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterSecretTest {
  @AfterEach
  void newSecret() {
    ClusterSecret.renew();
  }

  @Test
  void aTaskProvesWhatItsOwnProcessKeeps() {
    String made = ClusterSecret.renew();
    assertThat(made).hasSize(64).isEqualTo(ClusterSecret.current());
    assertThat(ClusterSecret.ofTask()).as("in the driver").isEqualTo(made);
    ClusterSecret.keep("sent-by-the-driver");
    assertThat(ClusterSecret.ofTask()).as("in an executor").isEqualTo("sent-by-the-driver");
    assertThat(ClusterSecret.renew()).isNotEqualTo(made);
  }
}
