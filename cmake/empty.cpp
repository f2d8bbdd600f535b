// SPDX-License-Identifier: Apache-2.0
// A shared library wants one source of its own; everything else in it comes from the rooms.
