package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Pins the limits that the fault matrix names, and ids that must never change. */
class TransportDefaultsTest {

  @Test
  void hostDefaults() {
    HostOptions options = HostOptions.of("127.0.0.1", 0, Secret.none());
    assertThat(options.handshakeTimeoutMs()).isEqualTo(5_000);
    assertThat(options.heartbeatMs()).isEqualTo(2_000);
    assertThat(options.maxUnauthenticated()).isEqualTo(256);
    assertThat(options.maxFrameBytes()).isEqualTo(4 << 20);
    assertThat(options.portTries()).isEqualTo(16);
    assertThatThrownBy(() -> HostOptions.of("127.0.0.1", 70_000, Secret.none()))
        .hasMessageContaining("0..65535");
    assertThatThrownBy(() -> options.withHeartbeatMs(0)).hasMessageContaining("heartbeatMs 0");
  }

  @Test
  void connectorDefaults() {
    ConnectorOptions options = ConnectorOptions.of(Secret.none(), "run-1");
    assertThat(options.connectTimeoutMs()).isEqualTo(5_000);
    assertThat(options.sendTimeoutMs()).isEqualTo(30_000);
    assertThat(options.heartbeatMs()).isEqualTo(2_000);
    assertThatThrownBy(() -> options.withTimeouts(0, 1, 1))
        .hasMessageContaining("connectTimeoutMs 0");
  }

  @Test
  void counterIdsAreUniqueAndStable() {
    Set<Integer> ids = new HashSet<>();
    for (TransportCounter counter : TransportCounter.values()) {
      assertThat(ids.add(counter.id())).as("%s", counter).isTrue();
    }
    assertThat(Arrays.stream(TransportCounter.values()).mapToInt(TransportCounter::id).max())
        .hasValue(17);
    assertThat(TransportCounter.BAD_CHECKSUMS.id()).isEqualTo(9);
  }
}
