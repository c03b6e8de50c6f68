package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.SourceConfig.ImageOptions;
import dev.bellows.jobs.source.RawSchema.CellKind;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SparkSessionExtension.class)
class ImageFolderSourceTest {
  @TempDir Path dir;
  private SparkSession spark;

  @BeforeEach
  void session(SparkSession session) {
    spark = session;
  }

  private static ImageOptions options(
      @Nullable String masks, List<Integer> size, List<Integer> tile, List<Integer> stride) {
    return new ImageOptions(masks, 0, size, tile, stride);
  }

  private ImageFolderSource source(String path, ImageOptions options) {
    return new ImageFolderSource(spark, dir.toString(), path, options);
  }

  private static List<RawBlock> read(ImageFolderSource source) {
    return source
        .blocks(
            new RawSchema(
                source.columns(),
                source.columns().isEmpty() ? List.of() : List.of(CellKind.TEXT),
                source.imageShape(),
                false,
                -1,
                source.masks()))
        .collect();
  }

  private static List<String> problems(ImageFolderSource source) {
    List<String> problems = new ArrayList<>();
    for (RawBlock block : read(source)) {
      for (BadRow bad : block.firstBadRows()) {
        problems.add(source.where(bad.file(), bad.position()) + ": " + bad.problem());
      }
    }
    return problems;
  }

  @Test
  void the_folder_of_an_image_is_its_label() throws IOException {
    Pictures.write(dir.resolve("pets/cat/a.png"), Pictures.colour(4, 6, 0x102030));
    Pictures.write(dir.resolve("pets/dog/b.bmp"), Pictures.colour(4, 6, 0xff8000));
    Files.writeString(dir.resolve("pets/dog/notes.txt"), "no image");
    ImageFolderSource source = source("pets", ImageOptions.NONE);
    assertThat(source.columns()).containsExactly("label");
    assertThat(source.imageShape()).containsExactly(4, 6, 3);
    List<Row> rows = source.rows().collectAsList();
    assertThat(rows).extracting(r -> r.getString(2)).containsExactly("cat", "dog");
    assertThat(rows.get(0).getString(1)).endsWith("pets/cat/a.png");
    assertThat(rows.get(0).<byte[]>getAs(0)).startsWith(0x10, 0x20, 0x30, 0x10).hasSize(72);
    assertThat(rows.get(1).<byte[]>getAs(0)).startsWith((byte) 0xff, (byte) 0x80, (byte) 0);
  }

  @Test
  void grey_values_are_those_of_the_file_and_colours_become_luma() throws IOException {
    Pictures.write(dir.resolve("grey/a.png"), Pictures.ramp(3, 5, 40));
    Pictures.write(dir.resolve("grey/b.png"), Pictures.colour(3, 5, 0xff0000));
    ImageFolderSource source = source("grey", ImageOptions.NONE);
    assertThat(source.imageShape()).containsExactly(3, 5, 1);
    List<Row> rows = source.rows().collectAsList();
    assertThat(rows.get(0).<byte[]>getAs(0)).startsWith(40, 41, 42, 43, 44, 50);
    assertThat(rows.get(1).<byte[]>getAs(0)[0]).as("0.299 red").isEqualTo((byte) 76);
  }

  @Test
  void tiles_cover_image_and_mask_alike_to_the_border() throws IOException {
    Pictures.write(dir.resolve("image/a.png"), Pictures.ramp(5, 7, 0));
    Pictures.write(dir.resolve("mask/a.png"), Pictures.ramp(5, 7, 100));
    ImageFolderSource source =
        source(
            "image",
            options(dir.resolve("mask").toString(), List.of(), List.of(3, 4), List.of(2, 3)));
    RawBlock block = read(source).get(0);
    assertThat(block.rows()).as("rows 0, 2; columns 0, 3").isEqualTo(4);
    assertThat(block.pixels()).hasSize(4 * 12);
    for (int i = 0; i < block.pixels().length; i++) {
      assertThat(block.masks()[i] & 0xff).isEqualTo((block.pixels()[i] & 0xff) + 100);
    }
    assertThat(block.pixels()[3 * 12]).as("row 2, column 3").isEqualTo((byte) 23);
    assertThat(ImageFolderSource.starts(10, 4, 4)).containsExactly(0, 4, 6);
    assertThat(ImageFolderSource.starts(8, 4, 4)).containsExactly(0, 4);
    assertThat(source.where(block.file(), block.position(3))).endsWith("image/a.png tile 3");
  }

  @Test
  void scaled_images_hold_means_and_scaled_masks_labels() throws IOException {
    Pictures.write(dir.resolve("image/a.png"), Pictures.ramp(4, 4, 0));
    BufferedImage mask =
        new BufferedImage(
            4,
            4,
            BufferedImage.TYPE_BYTE_INDEXED,
            new IndexColorModel(8, 3, new byte[] {0, 9, 7}, new byte[3], new byte[3]));
    mask.getRaster().setSample(1, 1, 0, 2);
    Pictures.write(dir.resolve("mask/a.png"), mask);
    ImageFolderSource source =
        source(
            "image", options(dir.resolve("mask").toString(), List.of(2, 2), List.of(), List.of()));
    RawBlock block = read(source).get(0);
    assertThat(block.pixels()).as("means of 2 x 2").containsExactly(6, 8, 26, 28);
    assertThat(block.masks()).as("index of the palette").containsExactly(2, 0, 0, 0);
  }

  @Test
  void fault_73_missing_mask_other_size_unreadable_image_name_the_file() throws IOException {
    Pictures.squares(dir, 2, 8);
    Pictures.write(dir.resolve("image/2.png"), Pictures.ramp(8, 8, 0));
    Pictures.write(dir.resolve("image/3.png"), Pictures.ramp(8, 8, 1));
    Pictures.write(dir.resolve("mask/3.png"), Pictures.ramp(4, 8, 1));
    Pictures.write(dir.resolve("image/4.png"), Pictures.ramp(8, 8, 2));
    Pictures.write(dir.resolve("mask/4.png"), Pictures.colour(8, 8, 3));
    Pictures.write(dir.resolve("image/5.png"), Pictures.ramp(8, 9, 2));
    Pictures.write(dir.resolve("mask/5.png"), Pictures.ramp(8, 9, 2));
    Files.write(dir.resolve("image/6.png"), new byte[] {1, 2, 3});
    Files.copy(dir.resolve("mask/1.png"), dir.resolve("mask/6.png"));
    byte[] whole = Files.readAllBytes(dir.resolve("image/1.png"));
    Files.write(dir.resolve("image/7.png"), java.util.Arrays.copyOf(whole, whole.length / 2));
    Files.copy(dir.resolve("mask/1.png"), dir.resolve("mask/7.png"));
    ImageFolderSource source =
        source("image", options(dir.resolve("mask").toString(), List.of(), List.of(), List.of()));
    assertThat(String.join("\n", problems(source)))
        .contains("image/2.png: has no mask: expected a file 2.png in")
        .contains("image/3.png: is 8 x 8, but its mask")
        .contains("mask/3.png is 4 x 8")
        .contains("image/4.png: has a mask,")
        .contains("has 3 channels; expected a mask of one")
        .contains("image/5.png: is 8 x 9, the first image is 8 x 8: set size to scale")
        .contains("image/6.png: is no image: expected PNG, JPEG, BMP or GIF")
        .contains("image/7.png: cannot be decoded");
    assertThat(read(source).stream().mapToInt(RawBlock::rows).sum()).isEqualTo(2);
  }

  @Test
  void fault_73_a_folder_without_images_and_a_tile_that_does_not_fit() throws IOException {
    Files.createDirectories(dir.resolve("none"));
    Files.writeString(dir.resolve("none/a.txt"), "x");
    assertThatThrownBy(() -> source("none", ImageOptions.NONE))
        .hasMessageContaining("none has no image files");
    Pictures.squares(dir, 1, 8);
    assertThatThrownBy(() -> source("image", options(null, List.of(), List.of(16, 8), List.of())))
        .hasMessageContaining("tile [16, 8] is larger than the images of image, which are 8 x 8");
  }
}
