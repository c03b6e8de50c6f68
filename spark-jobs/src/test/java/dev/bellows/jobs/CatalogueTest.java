package dev.bellows.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** docs/catalogue.tsv and its page say only what tests show. */
class CatalogueTest {
  private static final Path ROOT = RepositoryTest.root();
  private final CataloguePage page = new CataloguePage(ROOT);

  @Test
  void everyMethodMarkedDoneOrPartlyHasATestThatCarriesItsId() throws IOException {
    Map<String, Set<String>> tests = page.tests();
    List<String> unproven = new ArrayList<>();
    for (CataloguePage.Row row : page.rows()) {
      if (!row.state().equals("later") && !tests.containsKey(row.id())) {
        unproven.add(row.id() + " " + row.name());
      }
    }
    assertThat(unproven).as("rows of docs/catalogue.tsv marked done or partly, no test").isEmpty();
  }

  @Test
  void rowsAreWhole() throws IOException {
    Set<String> ids = new HashSet<>();
    for (CataloguePage.Row row : page.rows()) {
      assertThat(ids.add(row.id())).as("%s stands once", row.id()).isTrue();
      assertThat(row.state()).as(row.id()).isIn("done", "partly", "later");
      assertThat(row.name()).as(row.id()).isNotBlank();
      assertThat(row.asked()).as(row.id()).isNotBlank();
      if (!row.state().equals("later")) {
        assertThat(row.reached()).as("figure reached by %s", row.id()).isNotBlank();
      }
    }
    assertThat(ids).hasSize(549);
    assertThat(page.tests().keySet().stream().filter(id -> id.matches("(TRN|LOS|ACT|LAY)-.*")))
        .as("ids in tests are ids of the table")
        .isSubsetOf(ids);
  }

  @Test
  void thePageIsTheOneThatTheTableAndTheTestsGive() throws IOException {
    assertThat(Files.readString(ROOT.resolve("docs/catalogue.md")))
        .as("docs/catalogue.md is stale: run dev.bellows.jobs.CataloguePage (see CONTRIBUTING.md)")
        .isEqualTo(page.page());
  }
}
