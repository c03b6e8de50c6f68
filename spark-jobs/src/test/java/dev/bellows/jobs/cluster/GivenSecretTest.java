package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GivenSecretTest {
  @TempDir Path temp;

  private Path file(String text, String rights) throws IOException {
    Path file = Files.writeString(temp.resolve("secret"), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(rights));
    return file;
  }

  @Test
  void aFileGoesBeforeAValueAndWhiteSpaceIsLeftOut() throws IOException {
    Path file = file(" from the file\n", "rw-------");
    assertThat(GivenSecret.of(Map.of())).isNull();
    assertThat(GivenSecret.of(Map.of(GivenSecret.VALUE, "value\n"))).isEqualTo("value");
    assertThat(
            GivenSecret.of(Map.of(GivenSecret.VALUE, "value", GivenSecret.FILE, file.toString())))
        .isEqualTo("from the file");
  }

  @Test
  void fault_50_aFileThatOthersMayReadIsRefused() throws IOException {
    for (String rights : new String[] {"rw-r-----", "rw----r--", "rw--w----"}) {
      Path file = file("text", rights);
      assertThatThrownBy(() -> GivenSecret.read(file))
          .isInstanceOf(BellowsException.class)
          .hasMessageContaining("chmod 600")
          .extracting(e -> ((BellowsException) e).exitCode())
          .isEqualTo(ExitCode.AUTHENTICATION);
    }
    Path empty = file("\n", "rw-------");
    assertThatThrownBy(() -> GivenSecret.read(empty)).hasMessageContaining("is empty");
    assertThatThrownBy(() -> GivenSecret.read(temp.resolve("none")))
        .hasMessageContaining("can't be read");
  }

  @Test
  void addresses() {
    assertThat(ServerAddress.parse("host:7337")).isEqualTo(new ServerAddress("host", 7337));
    assertThat(ServerAddress.parse("[::1]:1").toString()).isEqualTo("[::1]:1");
    for (String wrong :
        new String[] {"host", "host:", ":1", "host:0", "host:65536", "::1", "h:x"}) {
      assertThatThrownBy(() -> ServerAddress.parse(wrong)).hasMessageContaining(wrong);
    }
  }
}
