// The convex hull of the surface mesh of a mask, exact in whole numbers, and the largest distance of its corners.
//
// A mesh has its vertices half a voxel from voxel centres along the axes: its hull is that of the voxels plus an octahedron. A corner
// needs a voxel that is a corner of the hull of its plane, twice: in the planes across the first and across the second axis. Both
// follow from the ends of rows by a chain each, and so does which of the six points of the octahedron can matter. The few points left
// are added to the hull in lexicographic order: each lies outside, and sees a face of the one before. Cost: 20 faces per point; for a
// region of N voxels about sqrt(N) points.
#include "lanes.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

// Marks the corners of the hull of one plane. Its points are (t, sign x end) over t = 0 .. n - 1, those with an end >= 0, and only the
// upper chain is taken. `bits` gets 1 where the point above, 2 where the one at t - 1/2 and 4 where the one at t + 1/2 can be a corner
// of the hull with octahedra, and 8 at every corner.
void chain(const int32_t* ends, int64_t step, int64_t n, int32_t sign, int32_t* stack, uint8_t* bits) {
    int64_t size = 0;
    const auto height = [&](int64_t t) { return int64_t(sign) * ends[t * step]; };
    for (int64_t t = 0; t < n; ++t) {
        if (ends[t * step] < 0) continue;
        while (size > 1) {
            const int64_t a = stack[size - 2], b = stack[size - 1];
            if ((height(b) - height(a)) * (t - b) > (height(t) - height(b)) * (b - a)) break;
            --size;
        }
        stack[size++] = int32_t(t);
    }
    for (int64_t m = 0; m < size; ++m) {
        const int64_t t = stack[m];
        // Slopes before and after it; vertical at both ends of the chain.
        const bool first = m == 0, last = m == size - 1;
        const int64_t run_before = first ? 1 : t - stack[m - 1], rise_before = first ? 2 : height(t) - height(stack[m - 1]);
        const int64_t run_after = last ? 1 : stack[m + 1] - t, rise_after = last ? -2 : height(stack[m + 1]) - height(t);
        bits[t * step] = uint8_t(8 | (rise_before > -run_before && rise_after < run_after ? 1 : 0) | (rise_before > run_before ? 2 : 0) |
                                 (rise_after < -run_after ? 4 : 0));
    }
}

}  // namespace

// ends: (I, J, 2) first and last voxel of each row, -1 without. bits: zeros, (2, I, J, 2). stack: the longer of I and J. points: in twice
// the positions, 5 for every end at most. Returns how many.
int64_t hull_points(const int32_t* ends, const int64_t shape[2], uint8_t* bits, int32_t* stack, int32_t* points) {
    const int64_t n_i = shape[0], n_j = shape[1];
    uint8_t *across_i = bits, *across_j = bits + 2 * n_i * n_j;
    for (int which = 0; which < 2; ++which) {
        const int32_t sign = which ? 1 : -1;
        for (int64_t i = 0; i < n_i; ++i) chain(ends + 2 * i * n_j + which, 2, n_j, sign, stack, across_i + 2 * i * n_j + which);
        for (int64_t j = 0; j < n_j; ++j) chain(ends + 2 * j + which, 2 * n_j, n_i, sign, stack, across_j + 2 * j + which);
    }
    int64_t n = 0;
    const auto add = [&](int64_t i, int64_t j, int64_t k) {
        points[3 * n] = int32_t(i);
        points[3 * n + 1] = int32_t(j);
        points[3 * n + 2] = int32_t(k);
        ++n;
    };
    for (int64_t end = 0; end < 2 * n_i * n_j; ++end) {
        const uint8_t a = across_i[end], b = across_j[end];
        if (!a || !b) continue;
        const int64_t i = end / 2 / n_j, j = end / 2 % n_j, k = ends[end];
        if (a & b & 1) add(2 * i, 2 * j, 2 * k + (end % 2 ? 1 : -1));
        if (a & 2) add(2 * i, 2 * j - 1, 2 * k);
        if (a & 4) add(2 * i, 2 * j + 1, 2 * k);
        if (b & 2) add(2 * i - 1, 2 * j, 2 * k);
        if (b & 4) add(2 * i + 1, 2 * j, 2 * k);
    }
    return n;
}

namespace {

struct Face {
    int32_t corners[3];  // counter-clockwise seen from outside
    int32_t beyond[3];   // the face across the edge from corner n to the next
    int64_t normal[3], offset;
    int32_t mark;        // of the point that saw it last; -1: not in use
};

struct Hull {
    const int32_t* points;
    Face* faces;
    int32_t n_faces, free;  // `free`: first of a list of faces not in use, linked by beyond[0]

    int32_t add(int32_t a, int32_t b, int32_t c) {
        int32_t at = free;
        if (at < 0) at = n_faces++;
        else free = faces[at].beyond[0];
        Face& face = faces[at];
        face = {{a, b, c}, {-1, -1, -1}, {}, 0, 0};
        int64_t u[3], v[3];
        for (int axis = 0; axis < 3; ++axis) {
            u[axis] = int64_t(points[3 * b + axis]) - points[3 * a + axis];
            v[axis] = int64_t(points[3 * c + axis]) - points[3 * a + axis];
        }
        for (int axis = 0; axis < 3; ++axis) {
            const int y = (axis + 1) % 3, z = (axis + 2) % 3;
            face.normal[axis] = u[y] * v[z] - u[z] * v[y];
            face.offset += face.normal[axis] * points[3 * a + axis];
        }
        return at;
    }
    bool sees(int32_t point, int32_t face) const {
        const Face& one = faces[face];
        const int32_t* x = points + 3 * point;
        return one.normal[0] * x[0] + one.normal[1] * x[1] + one.normal[2] * x[2] > one.offset;
    }
    void drop(int32_t face) {
        faces[face].mark = -1;
        faces[face].beyond[0] = free;
        free = face;
    }
};

}  // namespace

// points: (n, 3) in lexicographic order, all different, not in one plane. scratch: hull_scratch(n) bytes. triangles: (2 n, 3) rows of
// points, counter-clockwise seen from outside. Returns how many.
int64_t hull_faces(const int32_t* points, int64_t n, uint8_t* scratch, int32_t* triangles) {
    Hull hull{points, reinterpret_cast<Face*>(scratch), 0, -1};
    Face* faces = hull.faces;
    int32_t* starting = reinterpret_cast<int32_t*>(faces + 4 * n + 8);  // by point: the new face whose edge begins there
    int32_t* seen = starting + n;                                      // faces that a point sees
    int32_t* fan = seen + 4 * n + 8;                                   // faces that the point before brought
    int64_t n_fan = 0;

    // Four points not in one plane: the first, the next, the first off their line, the first off their plane.
    const auto cross = [&](int64_t c, int axis) {
        const int y = (axis + 1) % 3, z = (axis + 2) % 3;
        return int64_t(points[3 + y] - points[y]) * (points[3 * c + z] - points[z]) -
               int64_t(points[3 + z] - points[z]) * (points[3 * c + y] - points[y]);
    };
    int64_t third = 2, fourth = 3;
    while (third < n && !cross(third, 0) && !cross(third, 1) && !cross(third, 2)) ++third;
    const auto side = [&](int64_t d) {
        int64_t sum = 0;
        for (int axis = 0; axis < 3; ++axis) sum += cross(third, axis) * (points[3 * d + axis] - points[axis]);
        return sum;
    };
    fourth = third + 1;
    while (fourth < n && !side(fourth)) ++fourth;
    if (fourth >= n) return 0;
    const int32_t a = 0, d = int32_t(fourth), b = side(fourth) < 0 ? 1 : int32_t(third), c = side(fourth) < 0 ? int32_t(third) : 1;
    const int32_t base = hull.add(a, b, c), ab = hull.add(b, a, d), bc = hull.add(c, b, d), ca = hull.add(a, c, d);
    const int32_t beyond[4][3] = {{ab, bc, ca}, {base, ca, bc}, {base, ab, ca}, {base, bc, ab}};
    const int32_t first[4] = {base, ab, bc, ca};
    for (int face = 0; face < 4; ++face)
        for (int edge = 0; edge < 3; ++edge) faces[first[face]].beyond[edge] = beyond[face][edge];

    for (int64_t turn = 2; turn < n; ++turn) {
        // What lies before the fourth and in its plane comes first; it need not see a face of the point before.
        const int32_t point = int32_t(turn);
        if (turn == third || turn == fourth) continue;
        int32_t start = -1;
        for (int64_t f = 0; f < n_fan && start < 0; ++f)
            if (hull.sees(point, fan[f])) start = fan[f];
        for (int32_t f = 0; f < hull.n_faces && start < 0; ++f)
            if (faces[f].mark >= 0 && hull.sees(point, f)) start = f;
        if (start < 0) continue;
        int64_t n_seen = 0, next = 0;
        seen[n_seen++] = start;
        faces[start].mark = point;
        n_fan = 0;
        int32_t begin = -1;
        while (next < n_seen) {
            const int32_t face = seen[next++];
            for (int edge = 0; edge < 3; ++edge) {
                const int32_t other = faces[face].beyond[edge];
                if (faces[other].mark == point) continue;
                if (hull.sees(point, other)) {
                    faces[other].mark = point;
                    seen[n_seen++] = other;
                    continue;
                }
                begin = faces[face].corners[edge];
                const int32_t end = faces[face].corners[(edge + 1) % 3];
                const int32_t added = hull.add(begin, end, point);
                faces[added].beyond[0] = other;
                for (int back = 0; back < 3; ++back)
                    if (faces[other].corners[back] == end && faces[other].corners[(back + 1) % 3] == begin) faces[other].beyond[back] = added;
                starting[begin] = added;
                fan[n_fan++] = added;
            }
        }
        for (int64_t f = 0; f < n_fan; ++f) {
            const int32_t after = starting[faces[fan[f]].corners[1]];
            faces[fan[f]].beyond[1] = after;
            faces[after].beyond[2] = fan[f];
        }
        for (int64_t f = 0; f < n_seen; ++f) hull.drop(seen[f]);
    }
    int64_t found = 0;
    for (int32_t f = 0; f < hull.n_faces; ++f)
        if (faces[f].mark >= 0)
            for (int corner = 0; corner < 3; ++corner) triangles[3 * found + corner] = faces[f].corners[corner], found += corner == 2;
    return found;
}

// points: (3, n). The square of the largest distance between two of them.
double largest_distance(const double* points, int64_t n) {
    Pack largest = {};
    double rest = 0.0;
    for (int64_t a = 0; a < n; ++a) {
        const double x = points[a], y = points[n + a], z = points[2 * n + a];
        int64_t b = a + 1;
        for (; b + WIDTH <= n; b += WIDTH) {
            const Pack dx = pack(points + b) - x, dy = pack(points + n + b) - y, dz = pack(points + 2 * n + b) - z;
            const Pack squared = dx * dx + dy * dy + dz * dz;
            largest = squared > largest ? squared : largest;
        }
        for (; b < n; ++b) {
            const double dx = points[b] - x, dy = points[n + b] - y, dz = points[2 * n + b] - z;
            const double squared = dx * dx + dy * dy + dz * dz;
            rest = squared > rest ? squared : rest;
        }
    }
    for (int lane = 0; lane < WIDTH; ++lane) rest = largest[lane] > rest ? largest[lane] : rest;
    return rest;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
