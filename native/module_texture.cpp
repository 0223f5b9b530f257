// Python bindings of the texture kernels; the rules are those of module.cpp.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include "arrays.hpp"
#include "levels.hpp"

using namespace nb::literals;

static radiotype::LevelBox level_box(const LevelArray& levels) {
    radiotype::LevelBox box{levels.data(), {}, {}};
    for (int axis = 0; axis < 3; ++axis) {
        box.shape[axis] = int64_t(levels.shape(axis));
        box.steps[axis] = levels.stride(axis);
    }
    return box;
}

static void texture_scan(LevelArray levels, LevelCounts counts, LevelCounts box) {
    need(counts.size() >= 1 && box.size() >= 6, "counts, box: too short");
    const radiotype::LevelBox source = level_box(levels);
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_scan(source, counts.data(), box.data());
}

static int64_t texture_pack(LevelArray levels, std::optional<LevelMap> map, Buffer out, Lines lines) {
    need(holds_levels(out) && (!map || map->size() >= 1) && lines.shape(0) >= levels.shape(0) * levels.shape(1) &&
             out.size() >= (levels.shape(0) + 2) * (levels.shape(1) + 2) * (levels.shape(2) + 2) + 64, "out, map, lines: too short, or out neither uint8 nor uint16");
    const radiotype::LevelBox source = level_box(levels);
    void* to = out.data();
    const int64_t bytes = int64_t(out.itemsize());
    nb::gil_scoped_release release;
    return radiotype::active_kernels().texture_pack(source, map ? map->data() : nullptr, to, bytes, lines.data());
}

static radiotype::TextureVolume texture_volume(const ReadBuffer& levels, const ReadBuffer& values, const ReadLines& lines,
                                               int64_t n_levels, bool planar, bool by_slice) {
    need(same_shape(levels, values) && levels.dtype() == values.dtype() && holds_levels(levels),
         "levels, values: of different shapes, or neither uint8 nor uint16");
    need(n_levels >= 0 && n_levels <= 65535, "n_levels: from 0 to 65535");
    int64_t slice = 1;
    for (size_t l = 0; l < lines.shape(0); ++l) {
        need(lines(l, 0) >= slice && lines(l, 0) + 1 < extent(levels, 0) && lines(l, 1) >= 1 && lines(l, 1) + 1 < extent(levels, 1) &&
                 lines(l, 2) >= 1 && lines(l, 2) < lines(l, 3) && lines(l, 3) < extent(levels, 2), "lines: beyond the levels, or not in order");
        slice = lines(l, 0);
    }
    return {levels.data(), values.data(), int64_t(levels.itemsize()), int64_t(levels.shape(1)), int64_t(levels.shape(2)), lines.data(),
            int64_t(lines.shape(0)), n_levels, planar, by_slice};
}

static int64_t n_directions(const radiotype::TextureVolume& volume) { return volume.planar ? 4 : 13; }

static int64_t n_groups(const radiotype::TextureVolume& volume) {
    return volume.by_slice && volume.n_lines ? volume.lines[4 * (volume.n_lines - 1)] - volume.lines[0] + 1 : 1;
}

static void texture_pairs(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                          Tables tables) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    need(tables.ndim() >= 1 && extent(tables, tables.ndim() - 1) >= (n_levels + 1) * (n_levels + 1) &&
             int64_t(tables.size()) >= n_groups(volume) * n_directions(volume) * extent(tables, tables.ndim() - 1), "tables: too small");
    const int64_t table = int64_t(tables.shape(tables.ndim() - 1));
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_pairs(volume, tables.data(), table);
}

static void texture_runs(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice, Tables tables,
                         Buffer scratch) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    const size_t axes = tables.ndim();
    need(axes >= 2 && extent(tables, axes - 1) == n_levels + 1 && int64_t(tables.size()) >= n_groups(volume) * n_directions(volume) *
             extent(tables, axes - 2) * (n_levels + 1), "tables: too small, or not (..., lengths, n_levels + 1)");
    for (size_t axis = planar ? 1 : 0; axis < 3; ++axis)
        need(extent(tables, axes - 2) >= extent(levels, axis) - 1 && (volume.bytes == 2 || levels.shape(axis) < 258), "tables: longer runs are possible");
    need(scratch.dtype() == levels.dtype() && scratch.size() >= 26 * (levels.shape(1) * levels.shape(2) + 64) + 64, "scratch: too small");
    const int64_t longest = int64_t(tables.shape(tables.ndim() - 2)) - 1;
    void* positions = scratch.data();
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_runs(volume, tables.data(), longest, positions);
}

static void texture_neighbours(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                               int64_t alpha, WideTables differences, Tables dependences) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    const int64_t n_cells = n_groups(volume) * (n_levels + 1) * (2 * n_directions(volume) + 1);
    need(alpha >= 0 && int64_t(differences.size()) >= n_cells && int64_t(dependences.size()) >= n_cells, "alpha: from 0 on; differences, dependences: too small");
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_neighbours(volume, alpha, differences.data(), dependences.data());
}

static void texture_distances(ReadBuffer inside, ReadLines lines, bool planar, Distances16 out) {
    const radiotype::TextureVolume volume = texture_volume(inside, inside, lines, 0, planar, false);
    need(out.size() >= inside.size(), "out: too short");
    nb::gil_scoped_release release;
    radiotype::active_kernels().texture_distances(volume, out.data());
}

static int64_t texture_zones(ReadBuffer levels, ReadBuffer values, ReadLines lines, int64_t n_levels, bool planar, bool by_slice,
                             ReadDistances16 distance, Tables labels, Tables parent, Zones zones, LevelCounts bounds) {
    const radiotype::TextureVolume volume = texture_volume(levels, values, lines, n_levels, planar, by_slice);
    int64_t n = 0;
    for (size_t l = 0; l < lines.shape(0); ++l) n += lines(l, 3) - lines(l, 2);
    need(distance.size() >= levels.size() && labels.size() >= 2 * levels.shape(1) * levels.shape(2) && int64_t(parent.size()) >= n &&
             extent(zones, 0) >= n && extent(bounds, 0) > n_groups(volume), "distance, labels, parent, zones, bounds: too short");
    auto* found = reinterpret_cast<radiotype::Zone*>(zones.data());
    const radiotype::ZoneScratch scratch{distance.data(), labels.data(), parent.data(), found};
    nb::gil_scoped_release release;
    return radiotype::active_kernels().texture_zones(volume, scratch, bounds.data());
}

void bind_texture(nb::module_& m) {
    m.def("texture_scan", &texture_scan, "levels"_a, "counts"_out, "box"_out,
          "Count the voxels of each grey level and find the box of those above 0: first and last + 1 along each axis.");
    m.def("texture_pack", &texture_pack, "levels"_a, "map"_a.none(), "out"_out, "lines"_out,
          "Copy levels, through `map` if there is one, into slices of rows with an empty voxel on every side; return how many `lines` were filled.");
    m.def("texture_pairs", &texture_pairs, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "tables"_out,
          "Add to `tables` the pairs of neighbouring levels in 13 (planar: 4) directions.");
    m.def("texture_runs", &texture_runs, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "tables"_out, "scratch"_out,
          "Add to `tables` the voxels that are third or later in a run of their level; under 0 all, under 1 and 2 nothing.");
    m.def("texture_neighbours", &texture_neighbours, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "alpha"_a,
          "differences"_out, "dependences"_out, "Add by level and number of neighbours |level x number - sum|, and count those alike.");
    m.def("texture_distances", &texture_distances, "inside"_a, "lines"_a, "planar"_a, "out"_out,
          "Fill `out` with the steps through faces that lead out of the region.");
    m.def("texture_zones", &texture_zones, "levels"_a, "values"_a, "lines"_a, "n_levels"_a, "planar"_a, "by_slice"_a, "distance"_a,
          "labels"_out, "parent"_out, "zones"_out, "bounds"_out, "Fill `zones` with level, size and distance; return how many there are.");
}
